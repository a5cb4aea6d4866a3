"""HTTP: a raw ASGI callable for predictions and probes, FastAPI behind it for pages."""
