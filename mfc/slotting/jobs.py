"""The jobs of slotting: planning runs, and their revival after a worker was killed."""

from __future__ import annotations

from procrastinate.contrib.django import app

from mfc.slotting import planner, runs


@app.task(name=runs.JOB)
def run(run_id: int) -> None:
    planner.work(run_id=run_id)


# The sixth field counts seconds.
@app.periodic(cron="* * * * * */30")
@app.task(name="slotting.resume_stalled", queueing_lock="slotting.resume_stalled")
def resume_stalled(timestamp: int) -> None:
    runs.resume_stalled()
