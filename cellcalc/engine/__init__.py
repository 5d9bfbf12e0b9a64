"""From a specification and its model to a trace: schedule, generated code, run, optimizer."""
