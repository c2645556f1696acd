"""GOV.UK Notify as it is published (docs.notifications.service.gov.uk/rest-api.html): logins, limits,
templates, sanitising, look-ups, statuses, and whatever fault a test wants."""

import base64
import hashlib
import hmac
import json
import re
import time
import uuid
from urllib.parse import parse_qs, urlsplit

from support.http_sink import HttpSink, Response

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s.]+(\.[^@\s.]+)+")


class Refusal(Exception):
    def __init__(self, status, error, message):
        super().__init__(message)
        self.response = Response(status, {"Content-Type": "application/json"}, json.dumps(
            {"errors": [{"error": error, "message": message}], "status_code": status}).encode())


def answer(status, what):
    return Response(status, {"Content-Type": "application/json"}, json.dumps(what).encode())


def encoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class NotifyServer(HttpSink):
    """fault(request, done) sees each request that was let in; done() handles it and returns the answer.
    It returns what goes out: done(), another Response, 'drop' or 'hang'."""

    def __init__(self, certs=None):
        super().__init__(certs)
        self.service, self.secret_key = str(uuid.uuid4()), str(uuid.uuid4())
        self.api_key = f"a drill-{self.service}-{self.secret_key}"
        self.templates = {}
        self.email_template = self.add_template("email", "((subject))", "((text))\n((reference))")
        self.sms_template = self.add_template("sms", None, "((subject)). Ring ((desk_number)).")
        self.sent = []  # newest last
        self.reply_to, self.sms_sender = str(uuid.uuid4()), str(uuid.uuid4())
        self.status = "delivered"  # what a message's next status is
        self.trial = False
        self.daily_limit = 250_000
        self.rate_exceeded = 0  # so many sends are refused
        self.fault = lambda request, done: done()
        self.clock = time.time
        self.respond = self._respond

    def add_template(self, kind, subject, body):
        one = str(uuid.uuid4())
        self.templates[one] = {"type": kind, "subject": subject, "body": body, "archived": False}
        return one

    def posts(self):
        return [r for r in self.requests if r.method == "POST"]

    def look_ups(self):
        return [r for r in self.requests if r.method == "GET"]

    def _respond(self, request):
        try:
            self._log_in(request)
        except Refusal as refusal:
            return refusal.response
        return self.fault(request, lambda: self._handle(request))

    def _handle(self, request):
        parts = urlsplit(request.path)
        try:
            if request.method == "POST" and parts.path in ("/v2/notifications/email",
                                                           "/v2/notifications/sms"):
                return answer(201, self._send(parts.path.rsplit("/", 1)[1], request))
            if request.method == "GET" and parts.path == "/v2/notifications":
                return answer(200, self._list(parse_qs(parts.query)))
            if request.method == "GET" and parts.path.startswith("/v2/notifications/"):
                return answer(200, self._one(parts.path.rsplit("/", 1)[1]))
        except Refusal as refusal:
            return refusal.response
        return Response(404, {}, b"<html>Not found</html>")

    # Logins.

    def _log_in(self, request):
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer":
            raise Refusal(401, "AuthError", "Unauthorized: authentication token must be provided")
        try:
            head, claims, mac = token.split(".")
            assert json.loads(encoded(head)) == {"typ": "JWT", "alg": "HS256"}
            said = json.loads(encoded(claims))
        except (ValueError, AssertionError):
            raise Refusal(403, "AuthError", "Invalid token") from None
        if said.get("iss") != self.service:
            raise Refusal(403, "AuthError", "Invalid token: service not found")
        wanted = hmac.new(self.secret_key.encode(), f"{head}.{claims}".encode(), hashlib.sha256)
        if not hmac.compare_digest(encoded(mac), wanted.digest()):
            raise Refusal(403, "AuthError", "Invalid token: API key not found")
        if abs(said["iat"] - self.clock()) > 30:
            raise Refusal(403, "AuthError",
                          "Error: Your system clock must be accurate to within 30 seconds")

    # Sending.

    def _send(self, kind, request):
        if self.rate_exceeded > 0:
            self.rate_exceeded -= 1
            raise Refusal(429, "RateLimitError",
                          "Exceeded rate limit for key type LIVE of 3000 requests per 60 seconds")
        if len(self.sent) >= self.daily_limit:
            raise Refusal(429, "TooManyRequestsError",
                          f"Exceeded send limits ({kind}: {self.daily_limit}) for today")
        form = self._form(kind, request.body)
        template = self._template(kind, form)
        values, sanitised = self._sanitise(kind, form)
        self._check_sender(kind, form)
        if self.trial:
            raise Refusal(400, "BadRequestError", "Can’t send to this recipient when service is in "
                          "trial mode – see https://www.notifications.service.gov.uk/trial-mode")
        one = {"id": str(uuid.uuid4()), "reference": form.get("reference"), "type": kind,
               "email_address": form.get("email_address"), "phone_number": form.get("phone_number"),
               "body": self._fill(template["body"], values),
               "subject": self._fill(template["subject"] or "", values) or None,
               "status": "created", "created_at": "2026-11-20T07:30:00.000000Z",
               "template": {"id": form["template_id"], "version": 1, "uri": "/v2/template/x/1"},
               "personalisation": values}
        if kind == "sms" and len(one["body"]) > 918:
            raise Refusal(400, "BadRequestError", "Your message is too long. ")
        self.sent.append(one)
        content = {"body": one["body"]} | (
            {"from_number": "GOVUK"} if kind == "sms" else
            {"subject": one["subject"], "from_email": "a@notifications.service.gov.uk",
             "one_click_unsubscribe_url": None})
        made = {"id": one["id"], "reference": one["reference"], "content": content,
                "uri": f"https://api.notifications.service.gov.uk/v2/notifications/{one['id']}",
                "template": one["template"], "scheduled_for": None}
        return made | ({"sanitised_content": sanitised} if kind == "email" else {})

    def _form(self, kind, body):
        try:
            form = json.loads(body)
        except ValueError:
            raise Refusal(400, "BadRequestError", "Invalid JSON supplied in POST data") from None
        recipient = "email_address" if kind == "email" else "phone_number"
        allowed = {recipient, "template_id", "personalisation", "reference"} | (
            {"email_reply_to_id", "one_click_unsubscribe_url", "sanitise_content_for"}
            if kind == "email" else {"sms_sender_id"})
        for name in (recipient, "template_id"):
            if name not in form:
                raise Refusal(400, "ValidationError", f"{name} is a required property")
        if set(form) - allowed:
            raise Refusal(400, "ValidationError", "Additional properties are not allowed")
        if not UUID.fullmatch(form["template_id"]):
            raise Refusal(400, "ValidationError", "template_id is not a valid UUID")
        if len(form.get("reference", "")) > 1000:
            raise Refusal(400, "ValidationError", "reference is too long")
        if not isinstance(form.get("personalisation", {}), dict):
            raise Refusal(400, "ValidationError", "personalisation is not of type object")
        if kind == "email" and not EMAIL.fullmatch(form[recipient]):
            raise Refusal(400, "ValidationError", "email_address Not a valid email address")
        if kind == "sms" and not re.fullmatch(r"\+\d{8,15}", form[recipient]):
            raise Refusal(400, "ValidationError", "phone_number Must not contain letters or symbols")
        return form

    def _template(self, kind, form):
        template = self.templates.get(form["template_id"])
        if template is None:
            raise Refusal(400, "BadRequestError", "Template not found")
        if template["type"] != kind:
            raise Refusal(400, "BadRequestError",
                          f"{template['type']} template is not suitable for {kind} notification")
        if template["archived"]:
            raise Refusal(400, "BadRequestError", "Template has been deleted")
        wanted = set(re.findall(r"\(\((\w+)\)\)", (template["subject"] or "") + template["body"]))
        if wanted - set(form.get("personalisation", {})):
            raise Refusal(400, "BadRequestError", "Missing personalisation: "
                          + ", ".join(sorted(wanted - set(form.get("personalisation", {})))))
        return template

    def _sanitise(self, kind, form):
        values, changed = dict(form.get("personalisation", {})), {}
        for name in form.get("sanitise_content_for", []) if kind == "email" else []:
            if name not in values:
                continue
            clean = re.sub(r"https?://\S+", "", values[name])
            clean = re.sub(r"([`*_()\\{}\[\]<>#+\-.!|])", r"\\\1", clean)
            if clean != values[name]:
                changed[name] = {"unsanitised": values[name], "sanitised": clean}
            values[name] = clean
        return values, changed

    def _check_sender(self, kind, form):
        name, known = (("email_reply_to_id", self.reply_to) if kind == "email"
                       else ("sms_sender_id", self.sms_sender))
        if form.get(name, known) != known:
            raise Refusal(400, "BadRequestError", f"{name} {form[name]} does not exist in database")

    @staticmethod
    def _fill(text, values):
        return re.sub(r"\(\((\w+)\)\)", lambda m: str(values[m[1]]), text)

    # Look-ups.

    def _shown(self, one):
        if one["status"] in ("created", "sending", "pending"):
            one["status"] = self.status
        return {k: v for k, v in one.items() if k != "personalisation"} | {
            "sent_at": None, "completed_at": None, "scheduled_for": None, "cost_details": {}}

    def _list(self, query):
        if set(query) - {"reference", "status", "template_type", "include_jobs", "older_than"}:
            raise Refusal(400, "ValidationError", "Additional properties are not allowed")
        found = [one for one in reversed(self.sent)
                 if query.get("reference", [one["reference"]])[0] == one["reference"]]
        return {"notifications": [self._shown(one) for one in found[:250]],
                "links": {"current": "https://api.notifications.service.gov.uk/v2/notifications"}}

    def _one(self, which):
        if not UUID.fullmatch(which):
            raise Refusal(400, "ValidationError", "id is not a valid UUID")
        for one in self.sent:
            if one["id"] == which:
                return self._shown(one)
        raise Refusal(404, "NoResultFound", "No result found")
