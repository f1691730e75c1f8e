"""The fixed names of the intents and their groups (DESIGN §7).

Law: names are a contract with flows, data and operators; classifier and training know none of them.
"""

from __future__ import annotations

FALLBACK = "nlu_fallback"

DANGER = frozenset(
    {"report_violence", "report_confinement", "report_forced_labour", "express_self_harm", "report_medical"}
)
SERIOUS = frozenset({"report_death", "report_detention", "report_stranded", "report_missing"})
GRIEVANCE = frozenset(
    {
        "report_unpaid_wages",
        "report_passport_withheld",
        "report_contract_violation",
        "report_working_conditions",
        "report_recruitment_fraud",
        "report_status_problem",
    }
)
INFORMATION = frozenset(
    {
        "ask_rights",
        "ask_contacts",
        "ask_case_status",
        "ask_reintegration",
        "verify_recruiter",
        "start_orientation",
    }
)
CONVERSATION = frozenset(
    {
        "talk_to_human",
        "change_language",
        "delete_my_data",
        "stop_messages",
        "show_menu",
        "greet",
        "affirm",
        "deny",
        "thank",
        "goodbye",
    }
)

GROUPS = {
    "danger": DANGER,
    "serious": SERIOUS,
    "grievance": GRIEVANCE,
    "information": INFORMATION,
    "conversation": CONVERSATION,
}
INTENTS = frozenset().union(*GROUPS.values())
