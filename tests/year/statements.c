#include "statements.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "store/sql.h"

struct cost {
    char *sql;
    long long runs, steps, scanned;
};
static struct cost costs[1024];
static size_t count;

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

        c->runs += sqlite3_stmt_status(s, SQLITE_STMTSTATUS_RUN, 1);
        c->steps += sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 1);
        c->scanned += sqlite3_stmt_status(s, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1);
    }
}

/* Some rows for all that a step is run for nothing: registers of a few forces, work that waits. */
enum { ROWS_READ_MOST = 100 };

int statements_check(void)
{
    int rc = 0;

    for (size_t i = 0; i < count; i++) {
        if (costs[i].scanned <= costs[i].runs * ROWS_READ_MOST)
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
