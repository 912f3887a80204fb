"""
All commands of `bitloot`, by name. What a command does is in the module named after it.
"""

from __future__ import annotations

import typer

from bitloot_http.cli import (
    admin,
    alerts,
    audit,
    buying,
    database,
    deciding,
    demo,
    doctor,
    findings,
    jobs,
    orders,
    products,
    reconcile,
    serve,
    users,
    vault,
    webhooks,
    worker,
)

program = typer.Typer(
    name="bitloot",
    help="Sells game keys for crypto: bought once, sealed, delivered, audited.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
program.command("demo")(demo.demo)
program.command("serve")(serve.serve)
program.command("worker")(worker.worker)
program.command("doctor")(doctor.doctor)
program.command("pause")(buying.pause)
program.command("resume")(buying.resume)
program.command("reconcile")(reconcile.reconcile)
program.add_typer(database.commands, name="db")
program.add_typer(products.commands, name="products")
program.add_typer(orders.commands, name="orders")
program.add_typer(webhooks.commands, name="webhooks")
program.add_typer(findings.commands, name="findings")
program.add_typer(jobs.commands, name="jobs")
program.add_typer(alerts.commands, name="alerts")
program.add_typer(audit.commands, name="audit")
program.add_typer(vault.commands, name="vault")
orders.commands.add_typer(deciding.commands)
admin.commands.add_typer(users.commands)
program.add_typer(admin.commands, name="admin")
