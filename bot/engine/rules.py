"""What the engine is told of the system's own flows.

Law: data, made by content: no name of a flow stands in the engine elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rules:
    """Names of the system flows and thresholds: data, made by content.

    `gentle`: the flow that asks about what only may be danger; its slot `okay` is "yes" when she is well.
    `universal`: universal word -> flow; `phrases`: the same for flows that are no command: what they interrupt is
    taken up as after any other matter. `confidence`: below it an intent is nlu_fallback; `interrupt`: from it on an
    intent may leave a running flow. `gravest`: dangers that break into another danger's flow. `codes`: the flow of a
    message that is a family's code (slot and reader `code`), asked for or not. `labels`: a line of a list, folded ->
    its flow, at any time. `retries`: reader -> the text that says what an answer may look like.
    """

    menu: str = "menu"
    human: str = "human"
    resume: str = "resume"
    welcome: str = "welcome"
    codes: str = "family_status"
    gentle: str = "gentle"
    universal: Mapping[str, str] = field(default_factory=dict)
    phrases: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    retries: Mapping[str, str] = field(default_factory=dict)
    confidence: float = 0.5
    interrupt: float = 0.7
    max_steps: int = 100
    misses: int = 3
    gravest: tuple[str, ...] = ("express_self_harm",)

    def flow_of(self, word: str) -> str:
        """The flow of a universal word or phrase, empty when it has none."""
        own = {"menu": self.menu, "human": self.human}
        return self.universal.get(word) or self.phrases.get(word) or own.get(word, "")

    @property
    def final(self) -> frozenset[str]:
        """Flows after which nothing is taken up again: a human has it, or the person wants it gone."""
        return frozenset(self.flow_of(w) for w in ("human", "stop", "clear", "delete")) | {self.human}
