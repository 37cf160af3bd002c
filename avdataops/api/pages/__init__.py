"""The web pages, served by the same application as the API: look, follow, review.

Rendered on the server from the catalog and the published tables; scripts only draw (map, plots,
playhead).  Everything they need is shipped in ``avdataops/api/static`` and nothing else may load.
"""

from fastapi import FastAPI

from avdataops.api.pages import (
    assets,
    clip_download,
    lineage_page,
    overview_page,
    rate_page,
    refusals,
    run_pages,
    scenes_page,
    signing_in,
    why_not_page,
)
from avdataops.api.pages.measurement_pages import ROUTES as MEASUREMENT_ROUTES
from avdataops.api.pages.media import ROUTES as MEDIA_ROUTES
from avdataops.api.pages.scene_page import ROUTES as SCENE_ROUTES
from avdataops.api.visiting import browser_caller
from avdataops.wiring.fleet_view import Remembered

__all__ = ["ROUTERS", "install"]

ROUTERS = (
    assets.ROUTES,
    signing_in.ROUTES,
    # Before the page of a scene, whose address would take it for an id.
    rate_page.ROUTES,
    scenes_page.ROUTES,
    SCENE_ROUTES,
    MEDIA_ROUTES,
    MEASUREMENT_ROUTES,
    run_pages.ROUTES,
    lineage_page.ROUTES,
    overview_page.ROUTES,
    why_not_page.ROUTES,
    clip_download.ROUTES,
)


def install(app: FastAPI) -> None:
    """Give ``app`` the pages."""
    app.state.tell_as_page = refusals.tell_as_page
    app.state.of_browser = browser_caller
    app.state.remembered = Remembered()
    for router in ROUTERS:
        app.include_router(router)
