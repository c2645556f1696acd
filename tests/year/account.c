/* The account at the end: every child, the audit, the log. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "callouts.h"
#include "checks.h"
#include "drills.h"
#include "follow/metrics.h"
#include "gate.h"
#include "owed.h"
#include "promise.h"
#include "quiet.h"
#include "reviews.h"
#include "settled.h"
#include "store/incidents.h"
#include "store/sql.h"
#include "tally.h"
#include "world.h"

struct tally tally;

enum { PATIENCE = 2 * 86400 }; /* of an open child beyond the moment that is owed it */

struct ends {
    long children, before_bell, late, with_desk, withheld, withdrawn, open, past;
};

static int broken(const char *promise, int number, const char *what, const char *more)
{
    promise_broken(promise, number, "%s%s", what, more);
    return -1;
}

/* What is owed to an open child next: past by too much is forgotten. */
static int64_t owed_until(int64_t child_id)
{
    struct err err = {.code = ERR_NONE};
    int64_t at = -1;

    if (sql_int(gate_office, &at, &err,
                "SELECT max(n.answer_by) FROM notice_child nc JOIN notice n USING (notice_id)"
                " WHERE nc.child_id = ? AND n.state = 'owed'",
                "i", child_id) < 0)
        fprintf(stderr, "year: %s\n", err.text);
    return at;
}

/* A telling of that kind that has not been taken back: withheld, or not a pupil there. */
static bool stands(const struct callout *c, int position, const char *kinds)
{
    for (const struct telling *t = c->tellings; t; t = t->next) {
        if (strchr(kinds, t->kind) &&
            ((t->children & ~callouts_taken_back(c, t)) >> position & 1) != 0)
            return true;
    }
    return false;
}

static int check_child(int number, int position, const struct child_row *row, time_t now,
                       struct ends *ends)
{
    const struct callout *c = &callouts[number];
    const struct said_child *said = &c->children[position];
    bool told = (c->told >> position & 1) != 0;
    bool is_filtered = !c->tellings && settled_filters(c, said);
    bool withdrawn = callouts_is_withdrawn(c, c->revision) || !callouts_names(said, c->revision);

    ends->children++;
    if (row->stage != STAGE_DONE)
        return broken("P2", number, "work is left with a child at the end", "");
    if (withdrawn != (row->state == CHILD_WITHDRAWN))
        return broken("P2", number, "withdrawn by the police or not, but the store says ",
                      child_state_word(row->state));
    if (!withdrawn &&
        (callouts_is_withheld(c, c->revision) || is_filtered) != (row->state == CHILD_WITHHELD))
        return broken("P2", number, "withheld or not, but the store says ",
                      child_state_word(row->state));
    switch (row->state) {
    case CHILD_TOLD:
    case CHILD_ANSWERED:
        if (!told)
            return broken("P2", number, "told, says the store, and nobody was", "");
        if (!stands(c, position, "nd"))
            return broken("P2", number, "told, says the store, and it was all taken back", "");
        ends->before_bell += c->told_before_bell >> position & 1;
        ends->late += c->told_late >> position & 1;
        break;
    case CHILD_WITH_LA_DESK:
        if (!stands(c, position, "d"))
            return broken("P2", number, "with the desk, says the store, and no desk was told", "");
        ends->with_desk++;
        break;
    case CHILD_WITHHELD:
        ends->withheld++;
        break;
    case CHILD_WITHDRAWN:
        ends->withdrawn++;
        break;
    default:
        ends->open++;
        if (owed_until(row->child_id) + PATIENCE < now) {
            ends->past++;
            return broken("P2", number,
                          "open, and past its deadline: ", child_state_word(row->state));
        }
    }
    return 0;
}

/* What a door has said that it has no pupil of is taken back there, and a desk has it. */
static int check_wrong_doors(int number, time_t now)
{
    const struct callout *c = &callouts[number];

    for (int i = 0; i < c->rulings_count; i++) {
        const struct ruling *r = &c->rulings[i];
        unsigned taken_back = 0, elsewhere = 0;

        if (r->at + PATIENCE + 3 * 86400 > now || callouts_is_withdrawn(c, c->revision) ||
            callouts_is_withheld(c, c->revision))
            continue;
        for (const struct telling *t = c->tellings; t; t = t->next) {
            taken_back |= t->kind == 'w' && contacts[t->contact].door == r->door ? t->children : 0;
            elsewhere |= t->at >= r->at && (t->kind == 'd' || t->kind == 'n') ? t->children : 0;
        }
        for (int j = 0; j < c->children_count; j++) {
            if ((r->children >> j & 1) == 0 || !callouts_names(&c->children[j], c->revision))
                continue;
            if ((taken_back >> j & 1) == 0)
                return broken("P3", number, "not our pupil, and it was not taken back there", "");
            if ((elsewhere >> j & 1) == 0)
                return broken("P2", number, "not our pupil, and nobody else was told", "");
        }
    }
    return 0;
}

static void check_callout(int number, time_t now, struct ends *ends)
{
    const struct callout *c = &callouts[number];
    struct err err = {.code = ERR_NONE};
    struct incident_row incident;
    struct child_row *rows = NULL;
    size_t count = 0, named = 0;
    char reference[32];

    if (c->revision == 0)
        return; /* the year ended before it was sent */
    callouts_reference(number, reference);
    if (incidents_find(gate_office, forces[c->force], reference, &incident, &err) != 1) {
        broken("P1", number, "acknowledged, and not in the store", "");
        return;
    }
    if (incident.revision != c->revision)
        broken("P1", number, "a revision was acknowledged, and another is in force", "");
    if (incidents_children(gate_office, incident.incident_id, &rows, &count, &err) < 0)
        broken("P1", number, err.text, "");
    for (size_t i = 0; i < count; i++)
        (void)check_child(number, atoi(rows[i].child_ref) - 1, &rows[i], now, ends);
    free(rows);
    for (int i = 0; i < c->children_count; i++)
        named += c->children[i].from <= c->revision;
    if (named != count)
        broken("P2", number, "a child is missing, or there is one too many", "");
    (void)check_wrong_doors(number, now);
    owed_check(number, now);
}

/* What must never be found in the store: a promise, what, and a query that counts it. */
static const struct {
    const char *promise, *what, *sql;
    long *counted;
} never[] = {
    {"P3", "messages to a contact of another door than the notice's",
     "SELECT count(*) FROM outbox o JOIN notice n USING (notice_id) JOIN contact k"
     " USING (contact_id) WHERE o.sent_at IS NOT NULL"
     " AND (k.namespace <> n.namespace OR k.urn <> n.urn)",
     &tally.wrong_contact},
    {"P3", "messages to a contact that nobody had verified",
     "SELECT count(*) FROM outbox o JOIN contact k USING (contact_id) WHERE o.sent_at IS NOT NULL"
     " AND ifnull(k.verified_at, 1e12) > o.sent_at + 10800",
     &tally.wrong_contact},
    {"P3", "notices of a door that the pupil of the decision in force at that time was never at",
     "SELECT count(*) FROM notice n JOIN notice_child nc USING (notice_id) WHERE n.kind = 'notice'"
     " AND n.told_at IS NOT NULL AND n.namespace = 'school' AND NOT EXISTS (SELECT 1"
     "  FROM decision d JOIN pupil p USING (pupil_key) JOIN pupil q ON q.pupil_id = p.pupil_id"
     "   AND q.la_code IN ('886','888','889')" /* whom another authority has, too */
     "  JOIN enrolment e ON e.pupil_key = q.pupil_key WHERE d.child_id = nc.child_id"
     "  AND (e.namespace = n.namespace AND e.urn = n.urn OR EXISTS (SELECT 1"
     "   FROM establishment_link l WHERE l.urn = e.urn AND l.link_urn = n.urn)))",
     &tally.wrong_contact},
    {"P4", "notices that went to one contact twice",
     "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE sent_at IS NOT NULL AND kind <> 'receipt'"
     " GROUP BY notice_id, contact_id, kind HAVING count(*) > 1)",
     &tally.sent_twice},
    {"P6", "children who were told of, and no decision says why",
     "SELECT count(*) FROM child WHERE state IN ('told','answered','with_la_desk')"
     " AND decision_id IS NULL",
     NULL},
    {"P6", "notices that were told, and no entry of the audit says so",
     "SELECT count(*) FROM notice n WHERE told_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM audit a"
     " WHERE a.incident_id = n.incident_id AND a.notice_id = n.notice_id"
     " AND a.event = 'item.sent')",
     NULL},
    {"P6", "children whose last recorded state is another than theirs",
     "SELECT count(*) FROM child c WHERE (SELECT a.detail FROM audit a"
     " WHERE a.incident_id = c.incident_id AND a.child_id = c.child_id AND a.event = 'child.state'"
     " ORDER BY a.audit_id DESC LIMIT 1) NOT LIKE '%to=' || c.state",
     NULL},
    {"P7", "notices that are owed with nothing on its way and nobody's work",
     "SELECT count(*) FROM notice n WHERE n.state = 'owed' AND NOT EXISTS (SELECT 1 FROM outbox o"
     " WHERE o.notice_id = n.notice_id AND o.state IN ('due','leased'))",
     NULL},
};

static void check_never(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
        struct err err = {.code = ERR_NONE};
        int64_t n = -1;

        if (sql_int(gate_office, &n, &err, never[i].sql, "") < 0)
            fprintf(stderr, "year: %s\n", err.text);
        if (n == 0)
            continue;
        promise_broken(never[i].promise, -1, "%" PRId64 " %s", n, never[i].what);
        if (never[i].counted)
            *never[i].counted += (long)n;
    }
}

static void check_metrics(void)
{
    const struct metrics_daemon daemon = {.running = true, .known = true, .connected = true};
    struct err err = {.code = ERR_NONE};
    const char *found;
    struct buf text;

    buf_init(&text, METRICS_BYTES_MAX);
    if (metrics_text(gate_office, clock_now(&gate_clock), &daemon, &text, &err) < 0)
        promise_broken("P5", -1, "there are no metrics: %s", err.text);
    found = quiet_name_in(buf_text(&text));
    if (found)
        promise_broken("P5", -1, "the metrics say \"%s\"", found);
    buf_release(&text);
}

static void check_quiet(const char *log_path)
{
    struct err err = {.code = ERR_NONE};
    const char *found = NULL;
    char line[2048];
    sqlite3_stmt *row;
    FILE *log = fopen(log_path, "re");

    while (log && !found && fgets(line, sizeof line, log))
        found = quiet_name_in(line);
    if (log)
        fclose(log);
    if (found || !log)
        promise_broken("P5", -1, "the log says \"%s\": %s", found ? found : "?",
                       log ? line : "there is none");
    if (sql_query(gate_office, &row, &err, "SELECT detail, who FROM audit", "") < 0) {
        promise_broken("P5", -1, "the audit cannot be read: %s", err.text);
        return;
    }
    found = NULL;
    while (!found && sql_row(gate_office, row, &err) == 1)
        found = quiet_name_in(sql_text(row, 0));
    if (found)
        promise_broken("P5", -1, "the audit says \"%s\": %s", found, sql_text(row, 0));
    sql_done(row);
    check_metrics();
}

static void print_table(const struct ends *e, long incidents)
{
    static const char *const why[LATES] = {"the mail server was down, or the clock was wrong",
                                           "a person decided who it is",
                                           "a mailbox put it off or refused it",
                                           "a roll or a contact came later",
                                           "school days changed at short notice",
                                           "the police put it right later",
                                           "a policy had kept it back",
                                           "somebody held it, and let it go",
                                           "a desk had it until somebody answered",
                                           "no reason"};

    printf("%10ld incidents\n%10ld children\n", incidents, e->children);
    printf("%10ld told before the bell\n%10ld told late\n", e->before_bell, e->late);
    for (int i = 0; i < LATES; i++) {
        if (tally.late[i] > 0)
            printf("%16ld %s\n", tally.late[i], why[i]);
    }
    printf("%10ld with the desk\n%10ld withheld\n%10ld withdrawn\n", e->with_desk, e->withheld,
           e->withdrawn);
    printf("%10ld still open\n%16ld past their deadline\n", e->open, e->past);
    printf("%10ld sent twice\n%16ld repeats under one key, after %d kills\n", tally.sent_twice,
           tally.repeats, gate_crashes);
    printf("%10ld to a wrong or unverified contact\n", tally.wrong_contact);
    printf("%10ld messages, %ld of them refused; %ld receipts\n", tally.messages,
           tally.refused_ones, tally.receipts);
    printf("%10ld notices, %ld desks' tasks, %ld reminders, %ld corrections and withdrawals\n",
           tally.notices, tally.desk_tasks, tally.reminders, tally.corrections);
    printf("%10ld answers, %ld of them not our pupil; %ld reviews, %ld warnings to desks\n",
           tally.answers, tally.not_ours, tally.reviews, tally.warnings);
    printf("%10ld imports, %ld of them killed once; %ld closings by command\n", tally.imports,
           tally.killed_imports, tally.closings);
    printf("%10ld kept back by a filter, %ld holds, %ld decisions undone, %ld exercises\n",
           tally.filtered, tally.holds, tally.undone, tally.drills);
    printf("%10ld tasks that speak of MARAC, %ld messages of repeats, %ld of protected families\n",
           tally.maracs, tally.repeats_said, tally.protected_ones);
}

void checks_end(const char *log_path)
{
    struct incidents_account account;
    struct err err = {.code = ERR_NONE};
    struct ends ends = {0};
    long incidents = 0;

    for (int i = 0; i < callouts_count; i++) {
        check_callout(i, clock_now(&gate_clock), &ends);
        incidents += callouts[i].revision > 0;
    }
    check_never();
    check_quiet(log_path);
    drills_check();
    reviews_check();
    print_table(&ends, incidents);
    if (incidents_account(gate_office, 0, &account, &err) < 0)
        promise_broken("P2", -1, "there is no account: %s", err.text);
    else if (account.incidents != incidents || account.children != ends.children ||
             account.forgotten != 0 || account.unproved != 0 || account.stuck != 0)
        promise_broken("P2", -1,
                       "the account has %" PRId64 " incidents, %" PRId64 " children, %" PRId64
                       " stuck, %" PRId64 " forgotten, %" PRId64 " unproved",
                       account.incidents, account.children, account.stuck, account.forgotten,
                       account.unproved);
}
