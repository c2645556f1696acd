/* The account at the end: every child, the audit, the log. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callouts.h"
#include "checks.h"
#include "gate.h"
#include "quiet.h"
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
    char reference[32];

    callouts_reference(number, reference);
    fprintf(stderr, "year: %s broken: incident %s: %s%s\n", promise, reference, what, more);
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

static int check_child(int number, int position, const struct child_row *row, time_t now,
                       struct ends *ends)
{
    const struct callout *c = &callouts[number];
    const struct said_child *said = &c->children[position];
    bool told = (c->told >> position & 1) != 0;
    bool withdrawn = callouts_is_withdrawn(c, c->revision) || !callouts_names(said, c->revision);

    ends->children++;
    if (row->stage != STAGE_DONE)
        return broken("P2", number, "work is left with a child at the end", "");
    if (withdrawn != (row->state == CHILD_WITHDRAWN))
        return broken("P2", number, "withdrawn by the police or not, but the store says ",
                      child_state_word(row->state));
    if (!withdrawn && callouts_is_withheld(c, c->revision) != (row->state == CHILD_WITHHELD))
        return broken("P2", number, "withheld by the police or not, but the store says ",
                      child_state_word(row->state));
    switch (row->state) {
    case CHILD_TOLD:
    case CHILD_ANSWERED:
        if (!told)
            return broken("P2", number, "told, says the store, and nobody was", "");
        ends->before_bell += c->told_before_bell >> position & 1;
        ends->late += c->told_late >> position & 1;
        break;
    case CHILD_WITH_LA_DESK:
        for (const struct telling *t = c->tellings; t; t = t->next) {
            if (t->kind == 'd' && (t->children >> position & 1) != 0) {
                ends->with_desk++;
                return 0;
            }
        }
        return broken("P2", number, "with the desk, says the store, and no desk was told", "");
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

static int check_callout(int number, time_t now, struct ends *ends)
{
    const struct callout *c = &callouts[number];
    struct err err = {.code = ERR_NONE};
    struct incident_row incident;
    struct child_row *rows = NULL;
    size_t count = 0, named = 0;
    char reference[32];
    int rc;

    if (c->revision == 0)
        return 0; /* the year ended before it was sent */
    callouts_reference(number, reference);
    if (incidents_find(gate_office, forces[c->force], reference, &incident, &err) != 1)
        return broken("P1", number, "acknowledged, and not in the store", "");
    if (incident.revision != c->revision)
        return broken("P1", number, "a revision was acknowledged, and another is in force", "");
    if (incidents_children(gate_office, incident.incident_id, &rows, &count, &err) < 0)
        return broken("P1", number, err.text, "");
    rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = check_child(number, atoi(rows[i].child_ref) - 1, &rows[i], now, ends);
    free(rows);
    for (int i = 0; i < c->children_count; i++)
        named += c->children[i].from <= c->revision;
    if (rc == 0 && named != count)
        return broken("P2", number, "a child is missing, or there is one too many", "");
    return rc;
}

static int check_quiet(const char *log_path)
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
    if (found || !log) {
        fprintf(stderr, "year: P5 broken: the log says \"%s\": %s", found ? found : "?", line);
        return -1;
    }
    if (sql_query(gate_office, &row, &err, "SELECT detail, who FROM audit", "") < 0)
        return -1;
    while (!found && sql_row(gate_office, row, &err) == 1)
        found = quiet_name_in(sql_text(row, 0));
    if (found)
        fprintf(stderr, "year: P5 broken: the audit says \"%s\": %s\n", found, sql_text(row, 0));
    sql_done(row);
    return found ? -1 : 0;
}

static void print_table(const struct ends *e, long incidents)
{
    static const char *const why[LATES] = {"a person decided who it is",
                                           "a mailbox put it off or refused it",
                                           "the mail server was down, or the clock was wrong",
                                           "the police put it right later",
                                           "a roll or a contact came later",
                                           "who was told first did not answer",
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
    printf("%10d sent twice\n%16ld repeats under one key, after %d kills\n", 0, tally.repeats,
           gate_crashes);
    printf("%10d to a wrong or unverified contact\n", 0);
    printf("%10ld messages, %ld of them refused; %ld receipts\n", tally.messages,
           tally.refused_ones, tally.receipts);
    printf("%10ld notices, %ld desks' tasks, %ld reminders, %ld corrections and withdrawals\n",
           tally.notices, tally.desk_tasks, tally.reminders, tally.corrections);
    printf("%10ld answers, %ld reviews, %ld imports, %ld warnings to desks\n", tally.answers,
           tally.reviews, tally.imports, tally.warnings);
}

int checks_end(const char *log_path, bool print)
{
    struct incidents_account account;
    struct err err = {.code = ERR_NONE};
    struct ends ends = {0};
    long incidents = 0;
    int rc = 0;

    for (int i = 0; i < callouts_count; i++) {
        if (check_callout(i, clock_now(&gate_clock), &ends) < 0)
            rc = -1;
        incidents += callouts[i].revision > 0;
    }
    if (print)
        print_table(&ends, incidents);
    if (incidents_account(gate_office, 0, &account, &err) < 0) {
        fprintf(stderr, "year: %s\n", err.text);
        return -1;
    }
    if (account.incidents != incidents || account.children != ends.children ||
        account.forgotten != 0 || account.unproved != 0 || account.stuck != 0) {
        fprintf(stderr,
                "year: P2 broken: the account has %" PRId64 " incidents, %" PRId64
                " children, %" PRId64 " stuck, %" PRId64 " forgotten, %" PRId64 " unproved\n",
                account.incidents, account.children, account.stuck, account.forgotten,
                account.unproved);
        rc = -1;
    }
    return check_quiet(log_path) < 0 ? -1 : rc;
}
