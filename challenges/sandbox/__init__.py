"""Run foreign programs in isolation, or not at all (decision 7). No Django, no settings.

What the rest of the house calls, from `challenges.worker` only:

- `bubblewrap.Bubblewrap(...)` is the sandbox; `.available()` says precisely why a host cannot
  isolate (the entry is then refused with X_NO_SANDBOX), `.run(call)` runs one program.
- `base` holds the values that go in and out of a run: `Call`, its mounts and limits, `Ended`.
- `steps.run_steps(task, submission, sandbox=, room=)` scores a submission by an organiser's
  program (Codabench v2, CodaLab 1.5), `evalai.run_evaluation(...)` by an EvalAI script.
"""
