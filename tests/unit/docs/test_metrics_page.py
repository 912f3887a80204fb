"""docs/metrics.md names every metric with its kind and labels, and the alerts name nothing else."""

import re
from collections.abc import Iterable
from datetime import timedelta

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from bitloot_core.order.buying import Balance, Pause, PauseHolder
from bitloot_core.ports.alerts import ChannelId
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_http.metrics.counts import Counts
from bitloot_http.metrics.exposition import as_prometheus
from bitloot_http.metrics.gauges import Gauges, Reading
from bitloot_http.metrics.watched import watched
from doc_pages import ROOT

PAGE = ROOT / "docs" / "metrics.md"
ALERTS = ROOT / "docs" / "deploy" / "alerts.yml"
ROW = re.compile(r"^\| `(?P<name>bitloot_\w+)` \| (?P<kind>\w+) \|(?P<labels>[^|]*)\|", re.MULTILINE)
OF_A_SAMPLE = re.compile(r"(_total|_bucket|_sum|_count)$")


async def everything() -> dict[str, Metric]:
    """Every metric of a shop in which everything has happened, as Prometheus reads it."""
    fakes, counts = FakeShop(), Counts()
    fakes.shop = watched(fakes.shop, counts)
    await fakes.offer(a_product())
    order = await fakes.place()
    await fakes.fulfil(order.id)
    fakes.supplier.has_left("0.00")
    await fakes.pay((await fakes.place()).id)
    now = fakes.clock.now()
    pause = Pause(holder=PauseHolder.OPERATOR, by="shell:anna", reason="looking", since=now)
    await fakes.storage.switches.pause(pause)
    await fakes.storage.switches.note_balance(Balance(left=await fakes.supplier.balance(), at=now))
    counts.requests["GET", "/products", 200] += 1
    counts.refuse_webhook("kinguin", minute=0)
    channel = ChannelId(name="mail", target="there")
    return _parsed(as_prometheus(counts, await Gauges(fakes.shop, [channel]).read(), in_hand=3))


def labels_of(metric: Metric) -> set[str]:
    """The labels that tell its samples apart."""
    return {name for sample in metric.samples for name in sample.labels} - {"le"}


def documented() -> dict[str, tuple[str, set[str]]]:
    """Kind and labels of each metric, as the page has them, by the name of its family."""
    rows = ROW.finditer(PAGE.read_text(encoding="utf-8"))
    return {OF_A_SAMPLE.sub("", row["name"]): (row["kind"], set(re.findall(r"`(\w+)`", row["labels"]))) for row in rows}


async def test_the_page_has_every_metric_with_its_kind_and_labels() -> None:
    """And no other."""
    exposed = {name: (one.type, labels_of(one)) for name, one in (await everything()).items() if "bitloot" in name}

    assert documented() == exposed


async def test_what_the_client_knows_of_a_process_is_there_under_the_names_of_the_page() -> None:
    """Memory, time, files, start, and which Python."""
    text = PAGE.read_text(encoding="utf-8")
    named = {OF_A_SAMPLE.sub("", name) for name in re.findall(r"`((?:process|python)_\w+)`", text)}

    assert named
    assert named <= set(await everything())


async def test_the_alerts_name_metrics_and_labels_that_there_are() -> None:
    """A rule over a metric that nobody exposes never fires, and nobody notices."""
    exposed = await everything()
    text = ALERTS.read_text(encoding="utf-8")

    for name, selector in re.findall(r"(bitloot_\w+)(?:\{([^}]*)\})?", text):
        metric = exposed[OF_A_SAMPLE.sub("", name)]
        assert name in {sample.name for sample in metric.samples}, name
        assert set(re.findall(r"(\w+)\s*[!=]", selector)) <= labels_of(metric), name


def test_the_page_says_what_to_do_about_each_alert() -> None:
    """Whoever is woken up finds it there by its name."""
    rules = re.findall(r"alert: (\w+)", ALERTS.read_text(encoding="utf-8"))
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `Bitloot")]

    assert sorted(rules) == sorted(name for row in rows for name in re.findall(r"`(Bitloot\w+)`", row.split("|")[1]))


async def test_a_database_that_cannot_be_read_says_so_and_nothing_else() -> None:
    """No figure is made up; what this process has counted is there all the same."""
    fakes = FakeShop()
    reading = Reading(now=fakes.clock.now(), standing=None, balance=None)

    exposed = _parsed(as_prometheus(Counts(), reading))

    assert exposed["bitloot_figures_known"].samples[0].value == 0
    assert not {"bitloot_orders", "bitloot_queue_jobs", "bitloot_supplier_balance"} & set(exposed)
    assert "bitloot_jobs" in exposed


async def test_the_figures_are_those_of_the_shop() -> None:
    """Two orders, one of them paid and owed, its job put off; and how long it all waits."""
    fakes = FakeShop()
    await fakes.offer(a_product())
    await fakes.place()
    await fakes.settle((await fakes.place()).id)
    fakes.clock.advance(timedelta(minutes=10))

    exposed = _parsed(as_prometheus(Counts(), await Gauges(fakes.shop).read()))

    assert _value(exposed, "bitloot_orders", status="waiting") == 1
    assert _value(exposed, "bitloot_orders_undelivered", younger_than_seconds="1800") == 1
    assert _value(exposed, "bitloot_orders_undelivered_oldest_seconds") == pytest.approx(600)
    assert _value(exposed, "bitloot_queue_jobs", state="due") > 0
    assert _value(exposed, "bitloot_queue_oldest_due_seconds") == pytest.approx(600)
    assert _value(exposed, "bitloot_webhooks_open", status="pending") == 0


def _parsed(text: bytes) -> dict[str, Metric]:
    families = list(text_string_to_metric_families(text.decode()))
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    return dict(zip(names, families, strict=True))


def _value(exposed: dict[str, Metric], name: str, **labels: str) -> float:
    samples: Iterable[float] = [sample.value for sample in exposed[name].samples if sample.labels == labels]
    (value,) = samples
    return value
