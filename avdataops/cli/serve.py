"""``avdataops serve``."""

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from avdataops.cli.opening import with_workspace
from avdataops.cli.output import say
from avdataops.settings import inherited_trace
from avdataops.wiring.logs import log_as_json
from avdataops.wiring.trace import follow
from avdataops.wiring.workspace import Workspace

if TYPE_CHECKING:
    from avdataops.api.local_token import LocalToken


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8787, show_default=True, help="0: any free."
)
@click.option("--open", "opens", is_flag=True, help="Open the pages in a browser.")
@with_workspace
def serve(workspace: Workspace, host: str, port: int, opens: bool) -> None:
    """Serve web pages and the Metadata API; to others only if Entra ID says who may ask.

    The address goes to stdout, a link that signs a browser in and the log as JSON lines to
    stderr.  Ends on SIGTERM and SIGINT.
    """
    # Loading the web framework takes a while, which --help need not.
    from avdataops.api import Door, Where, make_app
    from avdataops.api import serve as answer
    from avdataops.api.local_token import LocalToken
    from avdataops.api.serving import address_of, listen, open_checker
    from avdataops.api.sessions import Sessions
    from avdataops.ports.storage import Linking
    from avdataops.wiring.scene_questions import Asking
    from avdataops.wiring.sensor_pictures import SensorPictures
    from avdataops.wiring.stored_tables import read_table

    settings = workspace.settings
    checker = open_checker(settings.api, settings.workspace)
    storage = workspace.storage
    sessions = Sessions(checker.token) if isinstance(checker, LocalToken) else None
    door = Door(
        catalog=workspace.catalog,
        desk=workspace.catalog,
        checker=checker,
        asking=Asking(workspace.catalog, settings.rules),
        links=storage if isinstance(storage, Linking) else None,
        read=partial(read_table, storage),
        pictures=SensorPictures(storage),
        sessions=sessions,
        front_end_header=settings.api.front_end_header,
    )
    with listen(Where(host, port), settings.api) as listening:
        if isinstance(checker, LocalToken):
            _tell(checker)
        address = address_of(listening)
        if sessions is not None:
            _sign_in(f"{address}/sign-in?code={sessions.new_code()}", opens)
        log_as_json(sys.stderr, follow(inherited_trace()))
        answer(make_app(door), listening, lambda: click.echo(address))


def _tell(token: "LocalToken") -> None:
    say(f"the token is in {token.path}")
    if token.made and sys.stderr.isatty():
        say(f"it is, shown this once: {token.token}")


def _sign_in(link: str, opens: bool) -> None:
    say(f"open this once, within ten minutes, to sign a browser in: {link}")
    if opens:
        click.launch(link)
