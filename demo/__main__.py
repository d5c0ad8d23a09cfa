"""`python -m demo load --run var/run.json`: load the made-up provider into a running suite, once."""

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from demo.authenticators import STEP_S
from demo.doors import DemoStuck, Suite
from demo.generator import CUSTOMERS
from demo.life import live
from demo.people import load_settings

SEED = 20241101
app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def main() -> None:
    """Wodociągi Zdrój, a made-up provider."""


Run = Annotated[Path, typer.Option(help="The suite's run.json.")]


@app.command()
def load(
    run: Run = Path("var/run.json"),
    seed: Annotated[int, typer.Option(help="Another seed is another town.")] = SEED,
    customers: Annotated[int, typer.Option(min=20, max=2000)] = CUSTOMERS,
) -> None:
    """Live through the two years; the logins are printed as JSON at the end."""
    try:
        suite = Suite.read(run)
        logins = live(suite, seed=seed, customers=customers, say=lambda words: typer.echo(words, err=True))
    except DemoStuck as stuck:
        typer.echo(f"the demo could not be loaded: {stuck}", err=True)
        raise typer.Exit(1) from None
    typer.echo(json.dumps(logins, ensure_ascii=False))


@app.command()
def code(run: Run = Path("var/run.json")) -> None:
    """The codes that the apps of the demo's staff show now, and what to type into an app of one's own."""
    suite = Suite.read(run)
    now = suite.clock.now()
    for email, secret in suite.telephone.secrets().items():
        left_s = STEP_S - int(now.timestamp()) % STEP_S
        typer.echo(
            f"{suite.telephone.shown(email, now)}  {email}, for {left_s} s (an app makes it of {secret})"
        )


@app.command()
def move(run: Run = Path("var/run.json")) -> None:
    """Have mails link to where the suite's gateway is now; those that were sent keep their links."""
    with tempfile.TemporaryDirectory(prefix="ebok-demo-") as files:
        try:
            load_settings(Suite.read(run), Path(files))
        except DemoStuck as stuck:
            typer.echo(f"the demo could not be moved: {stuck}", err=True)
            raise typer.Exit(1) from None


if __name__ == "__main__":
    app()
