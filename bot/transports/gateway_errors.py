"""Why an SMS failed after the phone at the partner took it: the app's reasons as SendErrors.

Law: data; a reason that is not here may pass, and is tried again. Sources: android.telephony.SmsManager result codes,
which the app passes on by name, and docs.sms-gate.app/faq/errors.
"""

from __future__ import annotations

from bot.channels.gateway_forms import MARK
from bot.transports import twilio_errors
from bot.transports.errors import BadAddress, BadContent, Misconfigured, SendError, Throttled, Undeliverable

_REASONS: dict[type[SendError], tuple[str, ...]] = {
    # Android's own limit for apps, a busy modem
    Throttled: ("RESULT_ERROR_LIMIT_EXCEEDED", "RESULT_NO_RESOURCES", "RESULT_REQUEST_NOT_PROCESSED"),
    # no network, radio off, the network said no without a reason
    Undeliverable: (
        "RESULT_ERROR_GENERIC_FAILURE",
        "RESULT_ERROR_NO_SERVICE",
        "RESULT_ERROR_RADIO_OFF",
        "RESULT_NETWORK_ERROR",
        "RESULT_MODEM_ERROR",
        "RESULT_RADIO_NOT_AVAILABLE",
        "RESULT_RIL_SMS_SEND_FAIL_RETRY",
    ),
    BadAddress: ("RESULT_INVALID_SMSC_ADDRESS", "RESULT_RIL_INVALID_SMSC_ADDRESS", "RESULT_ERROR_FDN_CHECK_FAILURE"),
    BadContent: ("RESULT_ERROR_NULL_PDU", "RESULT_ENCODING_ERROR", "RESULT_INVALID_SMS_FORMAT"),
    # the person at the phone has to allow it, or the SIM is blocked
    Misconfigured: (
        "RESULT_ERROR_SHORT_CODE_NOT_ALLOWED",
        "RESULT_ERROR_SHORT_CODE_NEVER_ALLOWED",
        "RESULT_SMS_BLOCKED_DURING_EMERGENCY",
        "RESULT_USER_NOT_ALLOWED",
        "RESULT_RIL_SIM_ABSENT",
    ),
}
BY_REASON: dict[str, type[SendError]] = {reason: kind for kind, reasons in _REASONS.items() for reason in reasons}


def failed(code: str) -> SendError:
    """Why a message failed later, by the code of its receipt: a reason of the gateway, or a number of Twilio's."""
    if not code.startswith(MARK):
        return twilio_errors.failed(code)
    return BY_REASON.get(code.removeprefix(MARK), Undeliverable)(code)
