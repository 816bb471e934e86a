"""Run foreign programs in isolation, or not at all (decision 7). No Django, no settings.

What the workers of subjects call, and nobody else:

- `bubblewrap.Bubblewrap(...)` is the sandbox; `.available()` says precisely why a host cannot
  isolate (the entry is then refused with X_NO_SANDBOX), `.run(call)` runs one program.
- `base` holds the values that go in and out of a run: `Call`, its mounts and limits, `Ended`.
- `steps.run_steps(task, submission, sandbox=, room=)` scores a submission by an organiser's
  program (Codabench v2, CodaLab 1.5), `evalai.run_evaluation(...)` by an EvalAI script.
- `challenges.scoring.archives.unpack(zip, folder)` opens what an organiser or a team sends;
  `metadata.package_of(folder)` says how a team's code starts; `code_runs.trial` and
  `code_runs.hidden` run it (steps A and B), scoring its predictions (C) being another run.
- `host.fingerprint(name, sandbox)` digests what programs run with, for receipts.

The life of one evaluation, in the worker:

    with sandbox.room(scratch) as room:        # scratch: a folder that every user may pass through
        archives.unpack(zip, folder)           # folder: made by the caller below room
        outcome = steps.run_steps(task, folder, sandbox=sandbox, room=run)  # run: empty, below room

Files below a room are readable by every run, whatever the worker's umask: archives and steps see
to it; a caller that writes files itself uses modes 0644 and 0755. Mounting a folder costs nothing,
so hidden inputs and references can be shown in place when they meet that rule. Every function
takes values and returns values: no database, no settings; reasons are the codes of
`challenges.scoring.verdict.ReasonCode`.
"""
