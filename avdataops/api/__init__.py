"""The Metadata API: what the catalog knows, over HTTP, for reading."""

from avdataops.api.app import make_app
from avdataops.api.door import Door
from avdataops.api.serving import Where, serve

__all__ = ["Door", "Where", "make_app", "serve"]
