"""The refusal of a problem that no run can start on."""


class ProblemError(ValueError):
    """A problem that no run can start on. The message says what to change.

    subject: what has to change: a part of the problem, such as "cost", "route", "bounds" or "layout", or the
        setting's name.
    suggestion: a value of that setting that would do, where there is one.
    """

    def __init__(self, subject: str, message: str, suggestion: float | str | None = None) -> None:
        super().__init__(message)
        self.subject = subject
        self.suggestion = suggestion
