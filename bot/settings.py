"""Settings from the environment (`SAATHI_...`); the names are a contract with operators, see README.

Law: read once at start; production refuses to start with anything missing, and says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


# Accepted, since names of settings are a contract, and read by nothing yet.
NOT_BUILT = ("media_url",)


class CannotStart(Exception):
    """Something that the service needs cannot be used; the text says what, where and what to do, for an operator."""


class SettingsError(CannotStart):
    """The environment cannot be used; the text lists every reason, one per line."""


def is_loopback(url: str) -> bool:
    """True for http(s) addresses on this machine."""
    return (urlsplit(url).hostname or "") in {"127.0.0.1", "localhost", "::1"}


class Settings(BaseSettings):
    """Every variable an operator may set. Secrets are SecretStr, so that no repr or log shows them."""

    model_config = SettingsConfigDict(env_prefix="SAATHI_", env_file=".env", env_ignore_empty=True, extra="ignore")

    env: Literal["development", "production"] = "development"
    data_dir: Path = ROOT / "var"
    database_url: SecretStr | None = None
    database_direct_url: SecretStr | None = None
    database_owner_url: SecretStr | None = None
    public_url: str = ""
    secret_key: SecretStr | None = None
    trusted_proxies: str = ""
    telegram_token: SecretStr | None = None
    telegram_webhook_secret: SecretStr | None = None
    telegram_api_url: str = "https://api.telegram.org"
    telegram_mode: Literal["webhook", "polling"] = "webhook"
    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr | None = None
    twilio_api_url: str = ""
    sms_sender: str = ""
    sms_most_a_day: int = 0
    whatsapp_sender: str = ""
    voice_sender: str = ""
    telegram_staff_groups: bool = False
    sms_gateway_url: str = ""
    sms_gateway_login: str = ""
    sms_gateway_password: SecretStr | None = None
    sms_gateway_key: SecretStr | None = None
    sms_gateway_number: str = ""
    rasa_url: str = ""
    rasa_token: SecretStr | None = None
    rasa_python: str = ""
    media_url: str = ""
    media_scanner: str = ""
    speech_command: str = ""
    smtp_url: SecretStr | None = None
    alert_to: str = ""
    safeguarding_to: str = ""
    metrics_token: SecretStr | None = None
    live: str = ""

    @property
    def root(self) -> Path:
        """The checkout: where flows/, knowledge/, locales/ and nlu_data/ are."""
        return ROOT

    @cached_property
    def twilio_tokens(self) -> tuple[str, ...]:
        """Auth tokens, newest first (several while rotating)."""
        raw = self.twilio_auth_token.get_secret_value() if self.twilio_auth_token else ""
        return tuple(t.strip() for t in raw.split(",") if t.strip())

    @cached_property
    def secret_keys(self) -> tuple[str, ...]:
        """Wrapping keys, newest first."""
        raw = self.secret_key.get_secret_value() if self.secret_key else ""
        return tuple(k.strip() for k in raw.split(",") if k.strip())

    @property
    def sms_senders(self) -> tuple[str, ...]:
        """Our SMS numbers, or one MG... messaging service."""
        return tuple(s.strip() for s in self.sms_sender.split(",") if s.strip())

    @property
    def gateway_numbers(self) -> tuple[str, ...]:
        """Numbers of the SIMs in phones at partners (E.164); the first is the one whose webhooks come here."""
        return tuple(s.strip() for s in self.sms_gateway_number.split(",") if s.strip())

    @cached_property
    def gateway_keys(self) -> tuple[str, ...]:
        """Signing keys of the gateway's webhooks, newest first."""
        raw = self.sms_gateway_key.get_secret_value() if self.sms_gateway_key else ""
        return tuple(k.strip() for k in raw.split(",") if k.strip())

    @property
    def voice_number(self) -> str:
        """The number that calls colleagues: its own, else the first one for SMS."""
        numbers = [self.voice_sender, *self.sms_senders]
        return next((n for n in numbers if n and not n.startswith("MG")), "")

    @property
    def alert_addresses(self) -> tuple[str, ...]:
        """Mail addresses that hear of every page."""
        return tuple(a.strip() for a in self.alert_to.split(",") if a.strip())

    @property
    def without_effect(self) -> tuple[str, ...]:
        """Names of variables that are set and do nothing yet."""
        return tuple(f"SAATHI_{name.upper()}" for name in NOT_BUILT if getattr(self, name))

    def may_send(self, api_url: str) -> bool:
        """Whether real requests may go to `api_url`: production, an explicit yes, or a provider on this machine."""
        return self.env == "production" or self.live.strip().lower() == "yes" or is_loopback(api_url)


def _production_problems(s: Settings) -> list[str]:
    problems = []
    if not s.secret_keys:
        problems.append("SAATHI_SECRET_KEY is missing: set it to 32 random bytes in base64")
    if not s.database_url:
        problems.append("SAATHI_DATABASE_URL is missing: set it to the address of your PostgreSQL")
    if not s.public_url:
        problems.append("SAATHI_PUBLIC_URL is missing: set it to the https address that providers call")
    elif not s.public_url.startswith("https://"):
        problems.append("SAATHI_PUBLIC_URL must begin with https://")
    if s.telegram_token and s.telegram_mode == "webhook" and not s.telegram_webhook_secret:
        problems.append("SAATHI_TELEGRAM_WEBHOOK_SECRET is missing: without it anybody could write as anybody")
    if (s.sms_sender or s.whatsapp_sender or s.twilio_account_sid) and not s.twilio_tokens:
        problems.append("SAATHI_TWILIO_AUTH_TOKEN is missing: without it signatures cannot be checked")
    if (s.sms_sender or s.whatsapp_sender or s.twilio_tokens) and not s.twilio_account_sid:
        problems.append("SAATHI_TWILIO_ACCOUNT_SID is missing: without it Twilio cannot be used")
    if s.rasa_url and not s.rasa_token:
        problems.append("SAATHI_RASA_TOKEN is missing: without it anybody who reaches Rasa may replace its model")
    if s.sms_gateway_url and not (s.gateway_keys and s.gateway_numbers and s.sms_gateway_password):
        problems.append(
            "SAATHI_SMS_GATEWAY_KEY, _NUMBER and _PASSWORD belong to SAATHI_SMS_GATEWAY_URL: set all, or none"
        )
    return problems


def _rasa_problems(s: Settings) -> list[str]:
    address = urlsplit(s.rasa_url)
    if not s.rasa_url or (address.scheme in {"http", "https"} and address.hostname and s.may_send(s.rasa_url)):
        return []
    if address.scheme not in {"http", "https"} or not address.hostname:
        return ["SAATHI_RASA_URL must look like http://127.0.0.1:5005"]
    return ["SAATHI_RASA_URL: what people write would leave this machine: outside production set SAATHI_LIVE=yes"]


def _kind_left_empty(overrides: Mapping[str, object]) -> bool:
    """Whether SAATHI_ENV is set to nothing, in the environment or in the file `.env` where that decides. Of every other
    setting empty means not set; of this one that would make a development machine of one that people write to."""
    file = overrides.get("_env_file", Settings.model_config.get("env_file"))
    given = [
        EnvSettingsSource(Settings, env_ignore_empty=False).env_vars,
        DotEnvSettingsSource(Settings, env_file=file, env_ignore_empty=False).env_vars,  # type: ignore[arg-type]
    ]
    name = "saathi_env"
    return "env" not in overrides and next((not told[name] for told in given if name in told), False)


def load(**overrides: object) -> Settings:
    """Settings from the environment. Raises SettingsError with every problem found."""
    if _kind_left_empty(overrides):
        raise SettingsError(
            "SAATHI_ENV is set and empty: write `production` where people are answered, `development` (or take the line"
            " away) where nobody is"
        )
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [f"SAATHI_{'_'.join(str(p) for p in e['loc']).upper()}: {e['msg']}" for e in error.errors()]
        raise SettingsError("\n".join(lines)) from None
    problems = _rasa_problems(settings)
    if settings.env == "production":
        problems += _production_problems(settings)
    if problems:
        raise SettingsError("\n".join(problems))
    return settings
