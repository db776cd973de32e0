"""The worker process: event ingest, lamp projection, release planning and jobs."""
