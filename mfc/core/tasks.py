"""The jobs of the core: imports, and their revival after a worker was killed."""

from __future__ import annotations

from procrastinate.contrib.django import app

from mfc.core import imports


@app.task(name=imports.JOB)
def run_import(run_id: int) -> None:
    imports.work(run_id=run_id)


# The sixth field counts seconds.
@app.periodic(cron="* * * * * */20")
@app.task(name="core.resume_imports", queueing_lock="core.resume_imports")
def resume_imports(timestamp: int) -> None:
    imports.resume_stalled()
