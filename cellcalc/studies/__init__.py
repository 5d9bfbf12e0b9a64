"""What is computed of many runs: flow of the gradient, experiments, comparisons; and tasks."""
