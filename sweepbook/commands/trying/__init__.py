"""One config of a study, tried in this very process."""
