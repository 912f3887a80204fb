"""
Whether alerts get through, by what became of those that were sent. Nothing is sent for it.
"""

from __future__ import annotations

from bitloot_http.alert_channels import channel_ids, standings
from bitloot_http.doctor.diagnosis import Diagnosis, failed, ok, skipped, warning
from bitloot_http.doctor.live import Patient

_WHAT = "alerts"


async def alerts(patient: Patient) -> Diagnosis:
    """Look how each channel stands."""
    channels = channel_ids(patient.settings)
    if not channels:
        return ok(_WHAT, "No channel is set: nothing is sent.")
    if not patient.has_tables:
        return skipped(_WHAT, "The database has no tables of this version.")
    found = await standings(patient.shop.alerts, channels, now=patient.shop.clock.now())
    broken = [one for one in found if one.state.is_broken]
    if broken:
        text = " ".join(f"By {one.name} none gets through ({one.state.last_error})." for one in broken)
        return failed(_WHAT, text, "Mend it, then try it: bitloot alerts test.")
    names = ", ".join(one.name for one in found)
    if any(one.state.delivered_at is None for one in found):
        return warning(_WHAT, f"Set: {names}; by one of them none ever went.", "Try it: bitloot alerts test.")
    return ok(_WHAT, f"Set: {names}; the last one got through on each.")
