/* tests/year/teeth/teeth.c - a gateway that breaks its promises: one fault a run, named by YEAR_TOOTH.
 * The linker puts each between the library's parts (--wrap, CMakeLists.txt). A year that ends well with
 * one of them looks away (e2e/test_year.py).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "deliver/prepare.h"
#include "intake/accept.h"
#include "plan/amender.h"
#include "plan/plan.h"
#include "plan/repeat.h"
#include "store/audit.h"
#include "store/holds.h"
#include "store/incidents.h"
#include "store/outbox.h"
#include "store/registers.h"
#include "store/registers_write.h"
#include "store/report_metrics.h"
#include "store/review.h"
#include "store/sql.h"
#include "year/world.h"

/* Of the function's own type, so that one that has changed does not compile here. */
#define BETWEEN(type, name, ...)                                                                   \
    __typeof__(name) __real_##name, __wrap_##name;                                                 \
    type __wrap_##name(__VA_ARGS__)

/* One time in so many. */
static bool bites(const char *tooth, int64_t number, int one_in)
{
    const char *wanted = getenv("YEAR_TOOTH");

    return wanted && strcmp(wanted, tooth) == 0 && number % one_in == one_in / 2;
}

static const char *somebody(void)
{
    return pupils[0].surname;
}

BETWEEN(int, accept_message, struct db *db, const struct inbound *in, time_t now,
        enum accepted *out, struct err *err)
{
    static int64_t number;

    if (bites("acknowledged-unkept", ++number, 50)) {
        *out = ACCEPTED;
        return 0;
    }
    return __real_accept_message(db, in, now, out, err);
}

/* The planner sees the children otherwise than they are, or not all of them. */
BETWEEN(int, plan_make, const struct plan_input *in, struct plan *out, struct err *err)
{
    static int64_t seen;
    struct plan_child *children = calloc(in->children_count + 1, sizeof *children);
    struct plan_input spoilt = *in;
    int rc;

    if (!children)
        return err_memory(err);
    spoilt.children = children;
    spoilt.children_count = 0;
    for (size_t i = 0; i < in->children_count; i++) {
        if (bites("drops-a-child", in->children[i].child_id, 100))
            continue;
        children[spoilt.children_count] = in->children[i];
        if (bites("forgets-who-was-told", ++seen, 20))
            children[spoilt.children_count].told_count = 0;
        if (bites("a-filter-of-presence-leaks", 0, 1))
            children[spoilt.children_count].present = PRESENT_UNKNOWN;
        spoilt.children_count++;
    }
    if (bites("no-desk-hears-of-marac", 0, 1))
        spoilt.is_marac = false;
    if (bites("the-barred-are-told", 0, 1))
        spoilt.do_not_tell_count = 0;
    if (bites("a-filter-leaks", 0, 1))
        spoilt.risk = RISK_UNKNOWN;
    rc = __real_plan_make(&spoilt, out, err);
    free(children);
    return rc;
}

BETWEEN(int, registers_contacts, struct db *db, const struct door *door, struct contact **out,
        size_t *count, struct err *err)
{
    struct door other = *door;
    size_t last = strlen(other.urn) - 1;

    if (strcmp(door->namespace, "school") == 0 && other.urn[last] >= '4' &&
        other.urn[last] <= '7' && bites("the-neighbour-is-told", 0, 1))
        other.urn[last]++;
    if (strcmp(door->namespace, "force") == 0 && bites("no-desk-and-no-forces-desk", 0, 1)) {
        *out = NULL;
        *count = 0;
        return 0;
    }
    return __real_registers_contacts(db, &other, out, count, err);
}

BETWEEN(int, registers_policies, struct db *db, const char *force, const char *la_code,
        const struct door *door, struct policy_row **out, size_t *count, struct err *err)
{
    int rc = __real_registers_policies(db, force, la_code, door, out, count, err);

    for (size_t i = 0; rc == 0 && i < *count; i++) {
        if (strcmp((*out)[i].key, "home_force") == 0 && bites("the-far-forces-desk-is-told", 0, 1))
            (*out)[i].value[0] = '\0';
    }
    return rc;
}

BETWEEN(int, outbox_sent, struct db *db, const struct outbox_item *item, int code,
        const char *detail, int ms, time_t now, struct err *err)
{
    if (bites("sent-unrecorded", item->item_id, 50))
        return 0;
    return __real_outbox_sent(db, item, code, detail, ms, now, err);
}

BETWEEN(int, prepare_item, struct db *db, const struct templates *templates,
        const struct prepare_links *links, const struct outbox_item *item, unsigned parts,
        time_t now, struct prepared *out, struct err *err)
{
    int rc = __real_prepare_item(db, templates, links, item, parts, now, out, err);
    size_t size;
    char *subject;

    if (rc != 1 || !bites("a-name-in-a-subject", item->item_id, 50))
        return rc;
    size = strlen(out->subject) + strlen(somebody()) + 2;
    subject = malloc(size);
    if (!subject)
        return err_memory(err);
    snprintf(subject, size, "%s %s", out->subject, somebody());
    free(out->subject);
    out->message.subject = out->subject = subject;
    return 1;
}

BETWEEN(void, log_event, enum log_level level, const char *event, const char *fmt, ...)
{
    static int64_t number;
    char line[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    if (bites("a-name-in-the-log", ++number, 100))
        __real_log_event(level, event, "%s surname=%s", line, somebody());
    else
        __real_log_event(level, event, "%s", line);
}

BETWEEN(int, audit_add, struct db *db, time_t at, const char *who, const char *event,
        const struct audit_about *about, struct err *err, const char *detail, ...)
{
    static int64_t number;
    char text[2048];
    va_list args;

    va_start(args, detail);
    vsnprintf(text, sizeof text, detail, args);
    va_end(args);
    if (strcmp(event, "item.sent") == 0 && bites("sent-unaudited", about->item_id, 50))
        return 0;
    if (strcmp(event, "notice.planned") == 0 && bites("a-name-in-the-audit", ++number, 100))
        return __real_audit_add(db, at, who, event, about, err, "%s for=%s", text, somebody());
    return __real_audit_add(db, at, who, event, about, err, "%s", text);
}

BETWEEN(int, calendar_due_attending, const struct calendar *c, const struct morning *m,
        unsigned days, time_t accepted_at, time_t now, struct due *out)
{
    unsigned seen = bites("every-day-is-attended", 0, 1) ? 0 : days;
    int rc = __real_calendar_due_attending(c, m, seen, accepted_at, now, out);

    if (rc == 1 && bites("after-the-bell", 0, 1))
        out->at += 5400;
    if (rc == 1 && out->at > now + 3600 && bites("in-the-night", 0, 1))
        out->at -= 3600;
    return rc;
}

/* Once withheld, for ever. */
static void withhold_for_ever(struct incident *incident)
{
    static char known[256][POLICE_REF_SIZE];
    static size_t count;
    size_t i = 0;

    while (i < count && strcmp(known[i], incident->police_ref) != 0)
        i++;
    if (i < count)
        snprintf(incident->withhold_reason, sizeof incident->withhold_reason, "risk-to-victim");
    else if (incident->withhold_reason[0] && count < sizeof known / sizeof *known)
        memcpy(known[count++], incident->police_ref, POLICE_REF_SIZE);
}

BETWEEN(int, incident_parse, const char *json, size_t length, const char *topic_force,
        time_t received_at, struct incident **out, struct incident_ident *ident,
        struct problems *problems, struct err *err)
{
    int rc =
        __real_incident_parse(json, length, topic_force, received_at, out, ident, problems, err);

    if (rc == 0 && *out && bites("the-withheld-are-told", 0, 1))
        (*out)->withhold_reason[0] = '\0';
    if (rc == 0 && *out && bites("a-release-is-not-heard", 0, 1))
        withhold_for_ever(*out);
    return rc;
}

BETWEEN(bool, incident_is_protected, const struct incident *incident)
{
    return __real_incident_is_protected(incident) && !bites("a-protected-place-is-told", 0, 1);
}

BETWEEN(struct repeat, repeat_count, const struct policy *policy, time_t attended_at,
        const time_t *others, size_t count)
{
    static int64_t number;
    struct repeat out = __real_repeat_count(policy, attended_at, others, count);

    out.quarter += bites("one-call-out-too-many", ++number, 5);
    return out;
}

BETWEEN(int, amender_run, struct db *db, struct gathered *g, time_t now, struct err *err)
{
    return bites("nothing-is-taken-back", 0, 1) ? 1 : __real_amender_run(db, g, now, err);
}

BETWEEN(int, holds_add, struct db *db, enum hold_scope scope, const char *id, const char *why,
        const char *who, time_t now, struct err *err)
{
    return bites("a-hold-holds-nothing", 0, 1)
               ? 1
               : __real_holds_add(db, scope, id, why, who, now, err);
}

BETWEEN(int, holds_give_way, struct db *db, const char *adapter, time_t now, struct err *err)
{
    return bites("a-hold-gives-no-way", 0, 1) ? 0 : __real_holds_give_way(db, adapter, now, err);
}

BETWEEN(int, prepare_bulletin, struct db *db, const struct templates *templates,
        const struct outbox_item *item, time_t now, struct prepared *out, struct err *err)
{
    int rc = __real_prepare_bulletin(db, templates, item, now, out, err);

    if (rc == 1 && bites("an-exercise-is-told-as-a-call-out", 0, 1))
        memmove(out->subject, out->subject + strcspn(out->subject, ":") + 1,
                strlen(out->subject + strcspn(out->subject, ":") + 1) + 1);
    return rc;
}

BETWEEN(int, metrics_figures, struct db *db, time_t now, struct metrics_figures *out,
        struct err *err)
{
    int rc = __real_metrics_figures(db, now, out, err);
    int64_t n = 0;

    if (rc == 0 && bites("an-exercise-is-counted", 0, 1) && out->tries_count > 0 &&
        sql_int(db, &n, err, "SELECT count(*) FROM bulletin WHERE drill_id IS NOT NULL", "") < 0)
        return -1;
    for (size_t i = 0; rc == 0 && i < out->tries_count; i++) {
        if (strcmp(out->tries[i].verdict, "sent") == 0)
            out->tries[i].count += n;
    }
    return rc;
}

BETWEEN(int, review_undo, struct db *db, int64_t child_id, bool again, const char *who, time_t now,
        struct err *err)
{
    return bites("an-undoing-undoes-nothing", 0, 1)
               ? 1
               : __real_review_undo(db, child_id, again, who, now, err);
}

/* What comes at two in the morning is of no consequence to what waits. */
static bool is_night(time_t now)
{
    return london_second(now) / 3600 == 2 && bites("a-roll-at-night-moves-nobody", 0, 1);
}

BETWEEN(int, incidents_rematch_undecided, struct db *db, time_t now, struct err *err)
{
    return is_night(now) ? 0 : __real_incidents_rematch_undecided(db, now, err);
}

BETWEEN(int, incidents_replan_unsent, struct db *db, time_t now, struct err *err)
{
    return is_night(now) || bites("what-is-settled-changes-nothing", 0, 1)
               ? 0
               : __real_incidents_replan_unsent(db, now, err);
}

BETWEEN(int, registers_import_begin, struct db *db, const char *kind, const char *who, time_t now,
        int64_t *import_id, struct err *err)
{
    int rc = __real_registers_import_begin(db, kind, who, now, import_id, err);

    if (rc == 0 && bites("half-an-import-stays", 0, 1))
        rc = db_commit(db, err) < 0 ? -1 : db_begin(db, err);
    return rc;
}
