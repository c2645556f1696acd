/* Memory that runs out at every allocation of a night in turn, SQLite's and cJSON's among them:
 * nothing is lost (P1), nobody forgotten (P2), nothing told twice (P4), and once there is memory again
 * all comes to stand as it would have.
 *
 * ENCOMPASS_FAULTS=all tries every one; without it every so many, for time's sake. */
#include "night.h"

#include <sqlite3.h>

#include "fault.h"

/* SQLite's allocations come through here too: it asks for their sizes. */
enum { SIZE_BYTES = 16 };

static void *counted_malloc(int size)
{
    char *block = __wrap_malloc((size_t)size + SIZE_BYTES);

    if (!block)
        return NULL;
    *(int *)(void *)block = size;
    return block + SIZE_BYTES;
}

static void counted_free(void *p)
{
    if (p)
        free((char *)p - SIZE_BYTES);
}

static void *counted_realloc(void *p, int size)
{
    char *block = __wrap_realloc((char *)p - SIZE_BYTES, (size_t)size + SIZE_BYTES);

    if (!block)
        return NULL;
    *(int *)(void *)block = size;
    return block + SIZE_BYTES;
}

static int counted_size(void *p)
{
    return *(int *)(void *)((char *)p - SIZE_BYTES);
}

static int rounded(int size)
{
    return (size + 7) & ~7;
}

static int nothing_to_begin(void *arg)
{
    (void)arg;
    return SQLITE_OK;
}

static void nothing_to_end(void *arg)
{
    (void)arg;
}

static struct night night;

static bool never(void)
{
    return false;
}

static void play(const char *what)
{
    night_minute(&night, 0);
    if (night_begin(&night) < 0) { /* the service manager tries once more */
        night_end(&night);
        if (night_begin(&night) < 0)
            fail_msg("%s: %s", what, night.err.text);
    }
    for (size_t hour = 0; hour < NIGHT_HOURS; hour++)
        night_hour(&night, hour, never);
}

static int make_night(void **state)
{
    static const sqlite3_mem_methods methods = {
        .xMalloc = counted_malloc,
        .xFree = counted_free,
        .xRealloc = counted_realloc,
        .xSize = counted_size,
        .xRoundup = rounded,
        .xInit = nothing_to_begin,
        .xShutdown = nothing_to_end,
    };

    (void)state;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods), SQLITE_OK);
    log_open(fopen("/dev/null", "w"), &night.clock, LOG_LEVEL_ERROR); /* it is meant to fail */
    night_make(&night);
    night_put_back(&night);
    play("undisturbed");
    night_finish(&night, "undisturbed", true);
    return 0;
}

static int remove_night(void **state)
{
    (void)state;
    night_remove(&night);
    return 0;
}

static void memory_that_runs_out_anywhere_is_made_good(void **state)
{
    const char *all = getenv("ENCOMPASS_FAULTS");
    int every = all && strcmp(all, "all") == 0 ? 1 : 251, runs = 0;
    bool struck = true;

    (void)state;
    for (int nth = 1; struck; nth += every, runs++) {
        char what[64];

        snprintf(what, sizeof what, "allocation %d", nth);
        night_put_back(&night);
        fault_arm(nth);
        play(what);
        struck = fault_disarm();
        night_finish(&night, what, false); /* a try that failed is put off */
    }
    print_message("%d of them\n", runs - 1);
}

/* What is begun next begins a transaction of its own. */
static void a_transaction_is_undone_when_there_is_no_memory(void **state)
{
    struct db *db;
    struct err err;
    bool struck = true;

    (void)state;
    night_put_back(&night);
    assert_int_equal(db_open(night.path, &db, &err), 0);
    for (int nth = 1; struck; nth++) {
        assert_int_equal(db_begin(db, &err), 0);
        fault_arm(nth);
        db_rollback(db);
        struck = fault_disarm();
        assert_false(db_in_transaction(db));
    }
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_that_runs_out_anywhere_is_made_good),
        cmocka_unit_test(a_transaction_is_undone_when_there_is_no_memory),
    };

    return cmocka_run_group_tests(tests, make_night, remove_night);
}
