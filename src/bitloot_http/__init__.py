"""The bundled service: HTTP, workers, settings, composition root, command line."""
