"""``/``, ``/agent`` and ``/static``: the pages that customers and the people of the shop see."""

from fastapi import APIRouter
from fastapi.responses import Response

from kefu.service.errors import ServiceError
from kefu.service.page import FOLDER

router = APIRouter(include_in_schema=False)

_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FILES = {
    path.relative_to(FOLDER).as_posix(): Response(path.read_bytes(), media_type=f"{_KINDS[path.suffix]}; charset=utf-8")
    for path in FOLDER.rglob("*")
    if path.suffix in _KINDS
}
_GUARDS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
for _file in _FILES.values():
    _file.headers.update(_GUARDS)


@router.get("/")
async def index() -> Response:
    """Return the page of customers."""
    return _FILES["index.html"]


@router.get("/agent")
async def inbox() -> Response:
    """Return the inbox of the shop's people."""
    return _FILES["agent/index.html"]


@router.get("/agent/dashboard")
async def dashboard() -> Response:
    """Return the figures for those who lead them."""
    return _FILES["agent/dashboard.html"]


@router.get("/static/{name:path}")
async def static(name: str) -> Response:
    """Return a file of the pages."""
    if name not in _FILES:
        raise ServiceError(404, "not_found", "there is no such file")
    return _FILES[name]
