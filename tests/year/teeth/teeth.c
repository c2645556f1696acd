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
#include "plan/plan.h"
#include "store/audit.h"
#include "store/outbox.h"
#include "store/registers.h"
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
        spoilt.children_count++;
    }
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
    return __real_registers_contacts(db, &other, out, count, err);
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
