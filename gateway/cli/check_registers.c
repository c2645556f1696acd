#include "cli/findings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "base/date.h"
#include "follow/silence.h"
#include "follow/words.h"
#include "store/registers.h"
#include "store/report.h"
#include "store/roll_index.h"

enum { CALENDAR_DAYS = 60, HOLIDAY_DAYS = 90 };

static void subject_of(const struct door *door, const char *name, char out[256])
{
    snprintf(out, 256, "%s %s%s%s", door->namespace, door->urn, name[0] ? " " : "", name);
}

/* For "%" PRId64 " %s". */
#define COUNTED(n, one, more) (n), (n) == 1 ? (one) : (more)

static void check_contacts(const struct report_door *d, struct findings *f)
{
    char subject[256];

    subject_of(&d->door, d->name, subject);
    if (!d->open && d->successors == 1)
        finding(f, SEVERITY_WARNING, subject, "have the roll put right",
                "%" PRId64
                " %s on roll there, and it is closed: the one that has followed it is told",
                COUNTED(d->pupils, "pupil is", "pupils are"));
    else if (!d->open && d->successors > 1)
        finding(f, SEVERITY_WARNING, subject, "have the roll put right",
                "%" PRId64 " %s on roll there, it is closed, and %" PRId64
                " have followed it: the desk is told",
                COUNTED(d->pupils, "pupil is", "pupils are"), d->successors);
    else if (!d->open)
        finding_of_many(f,
                        d->registered ? "have pupils on roll and are closed: the desk is told"
                                      : "have pupils on roll and are not in the register: the desk"
                                        " is told",
                        subject, "import a newer establishments file, or mend the roll",
                        "%" PRId64 " %s on roll there, and it is %s: the desk is told",
                        COUNTED(d->pupils, "pupil is", "pupils are"),
                        d->registered ? "closed" : "not in the register");
    else if (d->contacts == 0)
        finding_of_many(f, "have pupils, and nobody there can be told: the desk is", subject,
                        "import a verified contact",
                        "%" PRId64 " %s, and nobody there can be told: the desk is",
                        COUNTED(d->pupils, "pupil", "pupils"));
    else if (d->contacts == 1)
        finding_of_many(f, "have one contact only", subject, "import a deputy",
                        "%" PRId64 " %s, and one contact only",
                        COUNTED(d->pupils, "pupil", "pupils"));
}

/* The first of the coming days of which nobody has said whether it is a school day; DAY_NONE: all
 * are known. */
static int first_unknown(struct db *db, const struct report_door *d, day_t today, day_t *out,
                         struct err *err)
{
    struct calendar calendar = {NULL, 0};

    if (registers_calendar(db, &d->door, d->la_code, &calendar, err) < 0)
        return -1;
    *out = DAY_NONE;
    for (day_t day = today; *out == DAY_NONE && day < today + CALENDAR_DAYS; day++) {
        if (calendar_day(&calendar, day) == DAY_UNKNOWN)
            *out = day;
    }
    free(calendar.ranges);
    return 0;
}

/* Establishments without school days on file, counted up by authority: most lack its terms. */
struct wanting {
    char la_code[8];
    int64_t establishments;
    day_t from;
};

static void say_wanting(const struct wanting *w, struct findings *f)
{
    char subject[64], day[WORDS_MOMENT_SIZE];

    if (w->establishments == 0)
        return;
    snprintf(subject, sizeof subject, "authority %s", w->la_code);
    finding(f, SEVERITY_WARNING, subject, "import its term dates",
            "no school days on file from %s for %" PRId64 " of its establishments: their notices "
            "go to the desk",
            words_day(w->from, day), w->establishments);
}

static int check_doors(struct db *db, day_t today, struct findings *f, struct err *err)
{
    struct report_door *doors = NULL;
    struct wanting wanting = {.establishments = 0};
    size_t count = 0;
    int rc = report_doors(db, today, &doors, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        day_t unknown = DAY_NONE;

        check_contacts(&doors[i], f);
        if (!doors[i].open)
            continue;
        if (strcmp(wanting.la_code, doors[i].la_code) != 0) {
            say_wanting(&wanting, f);
            wanting = (struct wanting){.establishments = 0};
            memcpy(wanting.la_code, doors[i].la_code, sizeof wanting.la_code);
        }
        rc = first_unknown(db, &doors[i], today, &unknown, err);
        if (unknown != DAY_NONE && (wanting.establishments++ == 0 || unknown < wanting.from))
            wanting.from = unknown;
    }
    say_wanting(&wanting, f);
    if (rc == 0 && count == 0)
        finding(f, SEVERITY_WARNING, "rolls", "encompass import roll FILE --la CODE",
                "no pupil is on any roll: every child goes to a desk");
    free(doors);
    return rc;
}

/* Children's centres that under-fives are sent to, where the authority has that switched on. */
static int check_centres(struct db *db, struct findings *f, struct err *err)
{
    struct report_door *doors = NULL;
    size_t count = 0;
    int rc = report_centres(db, &doors, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct policy_row *rows = NULL;
        struct policy policy;
        size_t rows_count = 0;
        char subject[256];

        if (doors[i].contacts > 0)
            continue;
        rc = registers_policies(db, "", doors[i].la_code, &doors[i].door, &rows, &rows_count, err);
        if (rc < 0)
            break;
        policy_resolve(rows, rows_count, "", doors[i].la_code, &doors[i].door, &policy);
        free(rows);
        subject_of(&doors[i].door, doors[i].name, subject);
        if (policy.childrens_centres)
            finding_of_many(
                f, "have under-fives sent there, and nobody there can be told", subject,
                "import a verified contact",
                "under-fives who live near are sent there, and nobody there can be told");
    }
    free(doors);
    return rc;
}

static int check_desks(struct db *db, struct findings *f, struct err *err)
{
    struct report_tally *list = NULL;
    size_t count = 0;
    char subject[256];

    if (report_deskless(db, &list, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        snprintf(subject, sizeof subject, "authority %s %s", list[i].id, list[i].name);
        finding(f, SEVERITY_WARNING, subject, "import a verified la_desk contact",
                "its desk has no contact: what no school can be told waits, unless the force has a "
                "desk");
    }
    free(list);
    return 0;
}

static int check_unverified(struct db *db, struct findings *f, struct err *err)
{
    struct report_tally *list = NULL;
    size_t count = 0;
    char subject[256];

    if (report_unverified(db, &list, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        snprintf(subject, sizeof subject, "%s %s %s", list[i].namespace, list[i].id, list[i].name);
        finding_of_many(f, "have unverified contacts: nothing is sent to those", subject,
                        "have somebody verify it, and import it so",
                        "%" PRId64 " of its contacts %s unverified: nothing is sent there",
                        list[i].count, list[i].count == 1 ? "is" : "are");
    }
    free(list);
    return 0;
}

static int check_adapters_used(struct db *db, const struct config *config, struct findings *f,
                               struct err *err)
{
    struct report_tally *list = NULL;
    size_t count = 0;

    if (report_adapters(db, &list, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const struct adapter *adapter = adapter_find(list[i].id);

        if (!adapter)
            finding(f, SEVERITY_WARNING, list[i].id, "mend the contacts",
                    "%" PRId64 " %s to be told by an adapter that there is not",
                    COUNTED(list[i].count, "contact is", "contacts are"));
        else if (config && !config_has(config, adapter->section))
            finding(f, SEVERITY_WARNING, list[i].id, "give its section in the configuration",
                    "%" PRId64 " %s to be told by it, and it is not configured",
                    COUNTED(list[i].count, "contact is", "contacts are"));
    }
    free(list);
    return 0;
}

/* How old a roll of that authority may be, by its policy. */
static int roll_days(struct db *db, const char *la_code, int *out, struct err *err)
{
    struct policy_row *rows = NULL;
    struct policy policy;
    size_t count = 0;

    if (registers_policies(db, "", la_code, NULL, &rows, &count, err) < 0)
        return -1;
    policy_resolve(rows, count, "", la_code, NULL, &policy);
    free(rows);
    *out = policy.roll_days;
    return 0;
}

static int check_rolls(struct db *db, time_t now, struct findings *f, struct err *err)
{
    int days = 0, rc = 0;
    struct report_tally *list = NULL;
    size_t count = 0;
    char subject[256], when[WORDS_MOMENT_SIZE];

    if (report_rolls(db, &list, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = roll_days(db, list[i].id, &days, err);
        if (rc < 0 || silence_of_roll(list[i].at, days) > now)
            continue;
        snprintf(subject, sizeof subject, "authority %s %s", list[i].id, list[i].name);
        finding(f, SEVERITY_WARNING, subject, "import its roll anew",
                "its roll of %" PRId64 " pupils came in last on %s", list[i].count,
                words_moment(list[i].at, when));
    }
    free(list);
    return rc;
}

static int check_holidays(struct db *db, day_t today, struct findings *f, struct err *err)
{
    char day[WORDS_MOMENT_SIZE];
    day_t last = DAY_NONE;

    if (report_last_bank_holiday(db, &last, err) < 0)
        return -1;
    if (last == DAY_NONE || last < today + HOLIDAY_DAYS)
        finding(f, SEVERITY_WARNING, "bank holidays", "import gov.uk's bank-holidays.json",
                last == DAY_NONE ? "none is on file%s" : "the last one on file is %s",
                last == DAY_NONE ? "" : words_day(last, day));
    return 0;
}

static int check_policies(struct db *db, struct findings *f, struct err *err)
{
    struct policy_row *rows = NULL;
    struct err why;
    size_t count = 0;
    char subject[192];

    if (report_policies(db, &rows, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (policy_check(&rows[i], &why) == 0)
            continue;
        snprintf(subject, sizeof subject, "policy %s %s %s", rows[i].scope, rows[i].id,
                 rows[i].key);
        finding(f, SEVERITY_WARNING, subject, "import it right", "%s", why.text);
    }
    free(rows);
    return 0;
}

static int check_refused(struct db *db, time_t now, struct findings *f, struct err *err)
{
    struct report_status status;
    char when[WORDS_MOMENT_SIZE];

    if (report_status(db, now, now, &status, err) < 0)
        return -1;
    if (status.refused_waiting > 0)
        finding(f, SEVERITY_WARNING, "refused messages", "encompass review list",
                "%" PRId64 " %s for a person, since %s",
                COUNTED(status.refused_waiting, "waits", "wait"),
                words_moment(status.refused_oldest, when));
    return 0;
}

static int check_index(struct db *db, struct findings *f, struct err *err)
{
    int current = roll_index_is_current(db, err);

    if (current == 0)
        finding(f, SEVERITY_WARNING, "roll",
                "start encompassd, or import a roll: either makes them anew",
                "another version of the program made its keys: no child can be found by them");
    return current < 0 ? -1 : 0;
}

/* A force's filter keeps children from being told of, which the law does not ask for. */
static int check_withheld(struct db *db, struct findings *f, struct err *err)
{
    struct report_withheld *list = NULL;
    struct policy_row *rows = NULL;
    size_t n = 0, count = 0;
    char subject[96];
    int rc = report_withheld(db, &list, &n, err);

    if (rc == 0)
        rc = report_policies(db, &rows, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (strncmp(rows[i].key, "filter_", 7) != 0 || strcmp(rows[i].value, "off") == 0)
            continue;
        snprintf(subject, sizeof subject, "force %s", rows[i].id);
        finding(f, SEVERITY_WARNING, subject, "unset it, unless the force has decided so",
                "its policy %s is %s: children are told of to nobody by it", rows[i].key,
                rows[i].value);
    }
    for (size_t i = 0; rc == 0 && i < n; i++) {
        if (list[i].is_listed)
            continue;
        snprintf(subject, sizeof subject, "force %s", list[i].force);
        finding(f, SEVERITY_WARNING, subject,
                "ask the force; then a revision, or the code on its list withhold_reasons",
                "%" PRId64 " %s withheld under %s, which is not on its list",
                COUNTED(list[i].children, "child is", "children are"), list[i].reason);
    }
    free(list);
    free(rows);
    return rc;
}

/* Local routes that go nowhere: nurseries whose children nobody has agreed to tell of, and health
 * visitors who are to be told and are not on file. */
static int check_routes(struct db *db, day_t today, struct findings *f, struct err *err)
{
    struct report_route *list = NULL;
    size_t count = 0;
    char subject[256];
    int rc = report_routes(db, today, &list, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct report_route *r = &list[i];

        snprintf(subject, sizeof subject, "authority %s %s", r->la_code, r->name);
        if (r->below_reception > 0 && !r->nurseries)
            finding(f, SEVERITY_WARNING, subject, "encompass policy set la CODE nurseries on",
                    "%" PRId64 " %s on roll there, and its policy nurseries is off: a desk is told",
                    COUNTED(r->below_reception, "child below reception is",
                            "children below reception are"));
        if (r->health_visitors && r->visitors == 0)
            finding(f, SEVERITY_WARNING, subject, "import a verified health_visitor contact",
                    "its policy health_visitors is on, and it has none who can be told");
    }
    free(list);
    return rc;
}

int check_registers(struct cli *cli, struct db *db, const struct config *config, struct findings *f,
                    struct err *err)
{
    time_t now = clock_now(&cli->clock);
    day_t today = london_day(now);

    if (check_doors(db, today, f, err) < 0 || check_centres(db, f, err) < 0 ||
        check_desks(db, f, err) < 0 || check_unverified(db, f, err) < 0 ||
        check_adapters_used(db, config, f, err) < 0 || check_rolls(db, now, f, err) < 0 ||
        check_holidays(db, today, f, err) < 0 || check_policies(db, f, err) < 0 ||
        check_withheld(db, f, err) < 0 || check_routes(db, today, f, err) < 0 ||
        check_refused(db, now, f, err) < 0 || check_index(db, f, err) < 0)
        return -1;
    return 0;
}
