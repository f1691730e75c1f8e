"""Figures for operators (Prometheus).

Law: no label carries a person: channels, codes and kinds only.
"""

from prometheus_client import Counter, Gauge, Histogram

inbox_received = Counter("saathi_inbox_received_total", "Events stored from providers", ["channel"])
turns = Counter("saathi_turns_total", "Inbox rows handled", ["result"])
quarantined = Counter("saathi_quarantined_total", "Inbox rows set aside for a human")
alarms = Counter("saathi_notices_total", "Pages and queue entries raised", ["kind"])
outbox_sent = Counter("saathi_outbox_total", "Results of sending", ["channel", "result"])
held = Counter("saathi_outbox_held_total", "Replies not let out at the second look", ["reason"])
nlu_seconds = Histogram("saathi_nlu_seconds", "Understanding a batch", buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 2))
rasa_answers = Gauge("saathi_rasa_answers", "1 while Rasa is asked, 0 while the embedded classifier stands in for it")
rasa_texts = Counter(
    "saathi_rasa_texts_total", "Texts by what Rasa did: ok, none (late or wrong), not_asked", ["result"]
)
rasa_seconds = Histogram("saathi_rasa_seconds", "Rasa on a batch", buckets=(0.01, 0.03, 0.1, 0.2, 0.3, 0.5))
reply_seconds = Histogram(
    "saathi_reply_seconds",
    "From a person's message to the provider's answer",
    buckets=(0.02, 0.05, 0.15, 0.5, 1, 5, 30),
)
backup_age = Gauge("saathi_backup_age_seconds", "Since the newest backup that came to its end; +Inf when there is none")
# Read from the database when somebody asks (bot/store/backlog.py): equal in every process.
database_up = Gauge("saathi_database_up", "1 when the database answered this request")
BACKLOG = {
    "inbox_waiting": Gauge("saathi_inbox_waiting", "Messages that no worker has handled yet"),
    "inbox_oldest_seconds": Gauge("saathi_inbox_oldest_seconds", "How long the oldest of them has waited"),
    "outbox_waiting": Gauge("saathi_outbox_waiting", "Replies that may leave and have not"),
    "outbox_oldest_seconds": Gauge("saathi_outbox_oldest_seconds", "How long the oldest of them may leave already"),
    "pages_open": Gauge("saathi_pages_open", "Alarms that no human took"),
    "pages_oldest_seconds": Gauge("saathi_pages_oldest_seconds", "How long the oldest of them has waited"),
    "pages_red": Gauge("saathi_pages_red", "Alarms for which everybody was called and nobody came"),
    "archive_failing": Gauge("saathi_archive_failing", "1 while PostgreSQL's archive does not take its changes"),
}
