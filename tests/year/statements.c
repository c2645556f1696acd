#include "statements.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "store/sql.h"

enum {
    ROWS_READ_MOST = 100, /* a run, of what is small: registers of a few forces, work that waits */
    RARE = 100,           /* fewer runs in a year: at a start, or after a clock was set back */
    RUNS_LEAST = 50,      /* in a month, to speak of a mean */
    STEPS_LEAST = 3000,
    GROWTH_MOST = 3,
};

struct cost {
    char *sql;
    long long runs, steps, scanned;
    long long then_runs[STORE_BETWEEN], then_steps[STORE_BETWEEN];
};
static struct cost costs[1024];
static size_t count;
static enum statements_age age = STORE_BETWEEN;

static struct cost *cost_of(const char *sql)
{
    size_t i = 0;

    while (i < count && strcmp(costs[i].sql, sql) != 0)
        i++;
    if (i == ARRAY_SIZE(costs))
        abort();
    if (i == count)
        costs[count++] = (struct cost){.sql = strdup(sql)};
    return &costs[i];
}

void statements_note(struct db *db)
{
    for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(sql_handle(db), s));) {
        struct cost *c = cost_of(sqlite3_sql(s));

        int runs = sqlite3_stmt_status(s, SQLITE_STMTSTATUS_RUN, 1);
        int steps = sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 1);

        c->runs += runs;
        c->steps += steps;
        if (age != STORE_BETWEEN) {
            c->then_runs[age] += runs;
            c->then_steps[age] += steps;
        }
        c->scanned += sqlite3_stmt_status(s, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1);
    }
}

void statements_in(enum statements_age next)
{
    age = next;
}

static double steps_each(const struct cost *c, enum statements_age when)
{
    return c->then_runs[when] == 0 ? 0 : (double)c->then_steps[when] / (double)c->then_runs[when];
}

/* Holidays make more work wait, and contacts fail for longer: not so much more. */
static bool has_grown(const struct cost *c)
{
    double young = steps_each(c, STORE_YOUNG), grown = steps_each(c, STORE_GROWN);

    return c->then_runs[STORE_YOUNG] >= RUNS_LEAST && c->then_runs[STORE_GROWN] >= RUNS_LEAST &&
           grown > STEPS_LEAST && grown > young * GROWTH_MOST;
}

int statements_check(void)
{
    int rc = 0;

    for (size_t i = 0; i < count; i++) {
        if (has_grown(&costs[i])) {
            fprintf(stderr, "year: a step costs more as the store grows, %.0f and then %.0f: %s\n",
                    steps_each(&costs[i], STORE_YOUNG), steps_each(&costs[i], STORE_GROWN),
                    costs[i].sql);
            rc = -1;
        }
        if (costs[i].runs < RARE || costs[i].scanned <= costs[i].runs * ROWS_READ_MOST)
            continue;
        fprintf(stderr,
                "year: a step does not find its work by an index: %lld rows in %lld runs: %s\n",
                costs[i].scanned, costs[i].runs, costs[i].sql);
        rc = -1;
    }
    return rc;
}

void statements_release(void)
{
    while (count > 0)
        free(costs[--count].sql);
}

static int dearer(const void *a, const void *b)
{
    const struct cost *x = a, *y = b;

    return (x->steps < y->steps) - (x->steps > y->steps);
}

void statements_print(int most)
{
    qsort(costs, count, sizeof *costs, dearer);
    for (size_t i = 0; i < count && i < (size_t)most; i++)
        printf("%10lld runs %8lld steps each %12lld in all, %lld scanned: %.200s\n", costs[i].runs,
               costs[i].steps / (costs[i].runs > 0 ? costs[i].runs : 1), costs[i].steps,
               costs[i].scanned, costs[i].sql);
}
