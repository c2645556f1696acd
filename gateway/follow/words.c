#include "follow/words.h"

#include <cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const weekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday"};
static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};

struct word {
    const char *code, *words;
};

/* The words for a code; an unknown code stands for itself, so nothing goes unseen. */
static const char *look_up(const struct word *list, const char *code)
{
    for (; list->code; list++) {
        if (strcmp(list->code, code) == 0)
            return list->words;
    }
    return code;
}

const char *words_moment(time_t t, char out[WORDS_MOMENT_SIZE])
{
    int year, month, day, second;

    if (t < 0) {
        snprintf(out, WORDS_MOMENT_SIZE, "never");
        return out;
    }
    second = london_second(t);
    day_to_civil(london_day(t), &year, &month, &day);
    snprintf(out, WORDS_MOMENT_SIZE, "%s %d %s %d at %02d:%02d",
             weekdays[day_weekday(london_day(t))], day, months[month - 1], year, second / 3600,
             second / 60 % 60);
    return out;
}

const char *words_moment_short(time_t t, char out[WORDS_MOMENT_SIZE])
{
    int year, month, day, second;

    if (t < 0) {
        snprintf(out, WORDS_MOMENT_SIZE, "-");
        return out;
    }
    second = london_second(t);
    day_to_civil(london_day(t), &year, &month, &day);
    snprintf(out, WORDS_MOMENT_SIZE, "%.3s %2d %.3s %02d:%02d",
             weekdays[day_weekday(london_day(t))], day, months[month - 1], second / 3600,
             second / 60 % 60);
    return out;
}

const char *words_day(day_t d, char out[WORDS_MOMENT_SIZE])
{
    int year, month, day;

    if (d == DAY_NONE) {
        snprintf(out, WORDS_MOMENT_SIZE, "unknown");
        return out;
    }
    day_to_civil(d, &year, &month, &day);
    snprintf(out, WORDS_MOMENT_SIZE, "%d %s %d", day, months[month - 1], year);
    return out;
}

const char *words_span(int64_t seconds, char out[WORDS_MOMENT_SIZE])
{
    if (seconds < 60)
        snprintf(out, WORDS_MOMENT_SIZE, "%" PRId64 " s", seconds);
    else if (seconds < 3600)
        snprintf(out, WORDS_MOMENT_SIZE, "%" PRId64 " min", seconds / 60);
    else if (seconds < 48 * 3600)
        snprintf(out, WORDS_MOMENT_SIZE, "%" PRId64 " h %" PRId64 " min", seconds / 3600,
                 seconds / 60 % 60);
    else
        snprintf(out, WORDS_MOMENT_SIZE, "%" PRId64 " days", seconds / 86400);
    return out;
}

const char *words_child_state(enum child_state state)
{
    static const char *const words[] = {
        [CHILD_OPEN] = "open: nobody has been told yet",
        [CHILD_REVIEW] = "open: a person has to say which pupil this is",
        [CHILD_TOLD] = "told: a person at the establishment has been told",
        [CHILD_ANSWERED] = "told and answered: a person there has taken it over",
        [CHILD_WITH_LA_DESK] = "with the authority's desk: a person there has been told",
        [CHILD_WITHHELD] = "withheld: the police gave a reason to tell nobody",
        [CHILD_WITHDRAWN] = "withdrawn by the police",
    };

    return words[state];
}

const char *words_notice_state(enum notice_state state)
{
    static const char *const words[] = {
        [NOTICE_OWED] = "owed: not told yet",
        [NOTICE_TOLD] = "told, not answered yet",
        [NOTICE_ANSWERED] = "told and answered",
        [NOTICE_FAILED] = "nobody there could be told: the next door is",
        [NOTICE_CANCELLED] = "cancelled: no longer wanted before it was sent",
    };

    return words[state];
}

const char *words_outcome(enum match_outcome outcome)
{
    switch (outcome) {
    case MATCH_MATCH:
        return "this is the pupil";
    case MATCH_REVIEW:
        return "a person has to decide";
    case MATCH_NONE:
        break;
    }
    return "on no roll that we have: the authority's desk is told";
}

const char *words_decided_by(const char *made_by)
{
    static const struct word list[] = {
        {"matcher", "the gateway"},
        {"planner", "the gateway"},
        {"dispatcher", "the gateway"},
        {"gateway", "the gateway"},
        {"webhook", "the school's own system"},
        {NULL, NULL},
    };

    return look_up(list, made_by);
}

const char *words_basis(enum basis basis)
{
    return basis == BASIS_STATUTORY ? "the statutory duty" : "a local agreement";
}

const char *words_kind(enum notice_kind kind)
{
    switch (kind) {
    case NOTICE_DESK:
        return "task for a desk";
    case NOTICE_CORRECTION:
        return "correction";
    case NOTICE_WITHDRAWAL:
        return "withdrawal";
    case NOTICE_NOTICE:
        break;
    }
    return "notice";
}

const char *words_desk_reason(enum desk_reason reason)
{
    switch (reason) {
    case DESK_NONE:
        break;
    case DESK_NO_MATCH:
        return "the child is on no roll that we have: educated at home, missing education, or at "
               "school elsewhere";
    case DESK_REVIEW:
        return "a person has to say which of several pupils this is";
    case DESK_WRONG_DOOR:
        return "an establishment that was told says that this is not its pupil";
    case DESK_NOT_ENROLLED:
        return "the pupil is known, but on no roll on that day";
    case DESK_CLOSED:
        return "the establishment is closed, not open yet, or not in the register";
    case DESK_SUCCESSORS:
        return "the establishment is closed, and several have followed it: a person has to say "
               "which of them the child goes to";
    case DESK_NO_CONTACT:
        return "nobody there can be told: no verified contact, none left, or none who may be told";
    case DESK_NO_CALENDAR:
        return "no school days of that establishment are on file";
    case DESK_UNDER_FIVE:
        return "a child under five, and no nursery, children's centre or health visitor is told of "
               "that home by local agreement";
    case DESK_OVER_AGE:
        return "18 or older by that morning";
    case DESK_NO_ANSWER:
        return "those who were told have not answered in time: somebody has to ring them";
    case DESK_MARAC:
        return "the police have referred the family to MARAC; the establishment is told as ever";
    case TAKEN_WITHDRAWN:
        return "the police have withdrawn it, or no longer name the child";
    case TAKEN_WITHHELD:
        return "the police have since given a reason to tell nobody";
    case TAKEN_NOT_PUPIL:
        return "it has come out that this is not the establishment's pupil";
    }
    return "";
}

const char *words_desk_reason_short(enum desk_reason reason)
{
    static const char *const words[] = {
        [DESK_NONE] = "",
        [DESK_NO_MATCH] = "on no roll",
        [DESK_REVIEW] = "a person has to decide",
        [DESK_WRONG_DOOR] = "not their pupil",
        [DESK_NOT_ENROLLED] = "not enrolled that day",
        [DESK_CLOSED] = "establishment closed",
        [DESK_SUCCESSORS] = "closed, several follow it",
        [DESK_NO_CONTACT] = "nobody there can be told",
        [DESK_NO_CALENDAR] = "no school days on file",
        [DESK_UNDER_FIVE] = "under five",
        [DESK_OVER_AGE] = "18 or older",
        [DESK_NO_ANSWER] = "nobody has answered",
        [DESK_MARAC] = "MARAC referral",
        [TAKEN_WITHDRAWN] = "withdrawn",
        [TAKEN_WITHHELD] = "withheld since",
        [TAKEN_NOT_PUPIL] = "not their pupil",
    };

    return words[reason];
}

const char *words_role(const char *role)
{
    static const struct word list[] = {
        {"dsl", "designated safeguarding lead"},
        {"deputy", "deputy safeguarding lead"},
        {"la_desk", "authority's desk"},
        {"health_visitor", "health visitor"},
        {NULL, NULL},
    };

    return look_up(list, role);
}

const char *words_adapter(const char *adapter)
{
    static const struct word list[] = {
        {"email", "by e-mail"},
        {"webhook", "by webhook"},
        {"spool", "into a folder"},
        {"notify", "by GOV.UK Notify"},
        {NULL, NULL},
    };

    return look_up(list, adapter);
}

const char *words_item_state(const char *state)
{
    static const struct word list[] = {
        {"due", "waiting for its time"},
        {"leased", "being sent at this moment"},
        {"sent", "sent"},
        {"failed", "given up: the next contact's turn"},
        {"cancelled", "cancelled before it was sent"},
        {NULL, NULL},
    };

    return look_up(list, state);
}

const char *words_verdict(const char *verdict)
{
    static const struct word list[] = {
        {"sent", "taken over"},
        {"later", "not now: to be tried again"},
        {"never", "refused for good: the next contact's turn"},
        {"broken", "the way itself was shut: held and tried again"},
        {NULL, NULL},
    };

    return look_up(list, verdict);
}

const char *words_namespace(const char *namespace)
{
    static const struct word list[] = {
        {"school", "school"},
        {"centre", "children's centre"},
        {"la", "desk of authority"},
        {"force", "desk of force"},
        {NULL, NULL},
    };

    return look_up(list, namespace);
}

const char *words_rule_short(const char *rule)
{
    static const struct word list[] = {
        {"school-morning", "next school morning"},
        {"part-time", "next day that the child attends"},
        {"at-once", "at once, in the school day"},
        {"any-hour", "at once, whatever the hour"},
        {"holiday-weekday", "next weekday of a holiday"},
        {"hold", "first school morning after the closure"},
        {"desk-morning", "desk's next working morning"},
        {"desk-at-once", "at once, in the desk's hours"},
        {NULL, NULL},
    };

    return look_up(list, rule);
}

enum { LATE_SECONDS = 600 }; /* after its acceptance: a person, or a register, came in between */

void words_rule(const char *rule, time_t accepted_at, time_t planned_at, time_t due_at,
                struct buf *out)
{
    static const struct word list[] = {
        {"school-morning", "is the next school day there, and its send time is when it is due"},
        {"part-time",
         "is the next day on which the child attends there, and its send time is when it "
         "is due"},
        {"at-once", "is a school day there and its send time had gone by, so it was due at once"},
        {"any-hour", "is the day of it, and it waits for no school day, so it was due at once"},
        {"holiday-weekday", "is the next working weekday of a longer closure there, and the send "
                            "time of that day is when it is due"},
        {"hold", "is the first school day after the closure, until which this establishment has "
                 "chosen to wait"},
        {"desk-morning", "is the desk's next working day, and its send time is when it is due"},
        {"desk-at-once", "is a working day of the desk within its hours, so it was due at once"},
        {NULL, NULL},
    };
    char accepted[WORDS_MOMENT_SIZE], planned[WORDS_MOMENT_SIZE], due[WORDS_MOMENT_SIZE];
    const char *why = look_up(list, rule);
    bool late = planned_at > accepted_at + LATE_SECONDS;

    words_moment(accepted_at, accepted);
    words_moment(planned_at, planned);
    words_moment(due_at, due);
    if (why == rule) {
        buf_addf(out, "Accepted on %s; due on %s by the rule %s.", accepted, due, rule);
        return;
    }
    if (strcmp(rule, "at-once") != 0 && strcmp(rule, "any-hour") != 0 &&
        strcmp(rule, "desk-at-once") != 0 && due_at <= planned_at) {
        buf_addf(out,
                 "Accepted on %s; planned on %s, when its time by the rule (%s) had gone by, so it "
                 "was due at once.",
                 accepted, due, words_rule_short(rule));
        return;
    }
    /* The day alone: "Monday 16 March 2026". */
    buf_addf(out, "Accepted on %s%s%s. %.*s %s: %s.", accepted, late ? "; planned on " : "",
             late ? planned : "", (int)(strlen(due) - strlen(" at 07:30")), due, why,
             due + strlen(due) - strlen("07:30"));
}

void words_code(const char *adapter, int64_t code, struct buf *out)
{
    if (code == 0)
        buf_add_text(out, "no reply code");
    else if (strcmp(adapter, "email") == 0)
        buf_addf(out, "SMTP reply %" PRId64, code);
    else
        buf_addf(out, "HTTP status %" PRId64, code);
}

/* Those entries whose weight has that sign, behind a word of introduction. What is missing is no
 * evidence: it is named by itself. */
static void add_evidence(const cJSON *list, int sign, bool missing, const char *lead,
                         struct buf *out)
{
    const cJSON *entry;
    bool first = true;

    cJSON_ArrayForEach(entry, list)
    {
        const char *field = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "field"));
        const char *level = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "level"));
        double weight = cJSON_GetNumberValue(cJSON_GetObjectItem(entry, "weight"));

        if (!field || !level || (strcmp(level, "missing") == 0) != missing ||
            (sign > 0   ? weight <= 0
             : sign < 0 ? weight >= 0
                        : weight != 0))
            continue;
        if (first && out->length > 0)
            buf_add_text(out, "; ");
        buf_addf(out, "%s%s", first ? lead : ", ", field);
        if (!missing)
            buf_addf(out, ": %s", level);
        if (sign != 0)
            buf_addf(out, fabs(weight) < 9.95 ? " (%+.1f)" : " (%+.0f)", weight);
        first = false;
    }
}

void words_sure(double score, struct buf *out)
{
    double percent = 100 / (1 + exp2(-score));

    if (percent > 99.99)
        buf_add_text(out, "over 99.99 % sure");
    else if (percent < 0.01)
        buf_add_text(out, "under 0.01 % sure");
    else
        buf_addf(out, percent > 99 || percent < 1 ? "%.2f %% sure" : "%.0f %% sure", percent);
}

void words_evidence(const char *json, struct buf *out)
{
    cJSON *list = cJSON_Parse(json);

    add_evidence(list, 1, false, "for it: ", out);
    add_evidence(list, -1, false, "against it: ", out);
    add_evidence(list, 0, false, "makes no difference: ", out);
    add_evidence(list, 0, true, "not said, or not on the roll: ", out);
    if (out->length == 0)
        buf_add_text(out, "no evidence recorded");
    cJSON_Delete(list);
}
