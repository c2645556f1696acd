/* tests/unit/dispatch_fixture.h - a dispatcher under a clock of its own, which delivers into a folder;
 * nothing that it logs names anybody (P5). */
#ifndef DISPATCH_FIXTURE_H
#define DISPATCH_FIXTURE_H

#include "store_fixture.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/log.h"
#include "daemon/settings.h"
#include "deliver/dispatch.h"

static const char dispatch_registers[] =
    "INSERT INTO authority(la_code, name) VALUES ('879', 'Plymouth');"
    "INSERT INTO establishment(namespace, urn, la_code, name, type_code, type_name, status_code)"
    " VALUES ('school', '100001', '879', 'Example Primary', 1, 'Community school', 1),"
    " ('school', '100002', '879', 'Example Secondary', 1, 'Community school', 1);"
    "UPDATE contact SET adapter = 'spool' WHERE adapter = 'email';";

enum { SLOW = 9 }; /* seconds that a test may take on a busy machine */

/* A store, a folder, and a dispatcher under a clock of its own. */
struct night {
    struct place *p;
    char spool[96];
    char conf_path[96];
    struct config *conf;
    struct clock clock;
    CURLM *multi;
    struct dispatch *d;
    time_t next;
    FILE *log;
    char *logged;
    size_t logged_length;
};

/* The clock runs on from there: what follows allows it some seconds. */
static inline void at(struct night *n, time_t now)
{
    n->clock = (struct clock){.shift = now - time(NULL), .pretended = true};
}

static inline void start(struct night *n)
{
    OK(n->p, dispatch_new(n->conf, n->p->db, &n->clock, n->multi, &n->d, &n->p->err));
    OK(n->p, dispatch_take_over(n->d, &n->p->err));
}

static inline int dispatch_setup(void **state)
{
    struct night *n = calloc(1, sizeof *n);
    void *p = NULL;
    FILE *file;

    if (place_setup(&p) < 0)
        return -1;
    n->p = p;
    run(n->p, dispatch_registers);
    snprintf(n->spool, sizeof n->spool, "%s/spool", n->p->folder);
    snprintf(n->conf_path, sizeof n->conf_path, "%s/encompass.conf", n->p->folder);
    mkdir(n->spool, 0700);
    file = fopen(n->conf_path, "w");
    fprintf(file, "[morning]\ntemplates = " PROJECT_DIR "/templates\n"
                  "[adapter \"spool\"]\nfolder = spool\n");
    fclose(file);
    OK(n->p, settings_load(n->conf_path, &n->conf, &n->p->err));
    n->multi = curl_multi_init();
    n->log = open_memstream(&n->logged, &n->logged_length);
    at(n, DUE);
    log_open(n->log, &n->clock, LOG_LEVEL_DEBUG);
    start(n);
    *state = n;
    return 0;
}

static inline const char *file_name(const struct night *n, const char *key)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s.txt", n->spool, key);
    return path;
}

static inline int files(const struct night *n)
{
    DIR *dir = opendir(n->spool);
    int count = 0;

    for (struct dirent *e = readdir(dir); e; e = readdir(dir))
        count += e->d_name[0] != '.' || strstr(e->d_name, ".new");
    closedir(dir);
    return count;
}

static inline void empty_spool(const struct night *n)
{
    DIR *dir = opendir(n->spool);
    char path[512];

    for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        snprintf(path, sizeof path, "%s/%s", n->spool, e->d_name);
        if (unlink(path) < 0)
            rmdir(path);
    }
    closedir(dir);
}

static inline int dispatch_teardown(void **state)
{
    static const char *const personal[] = {
        "Quibblethwaite", "Zelda", "Yorick", "example.test", "Una", "Vera", "upstairs"};
    struct night *n = *state;
    void *p = n->p;
    int found = 0;

    dispatch_free(n->d);
    curl_multi_cleanup(n->multi);
    config_free(n->conf);
    fflush(n->log);
    for (size_t i = 0; i < ARRAY_SIZE(personal); i++)
        found += strstr(n->logged, personal[i]) != NULL; /* P5 */
    log_open(stderr, &(struct clock){0}, LOG_LEVEL_ERROR);
    fclose(n->log);
    free(n->logged);
    empty_spool(n);
    rmdir(n->spool);
    unlink(n->conf_path);
    free(n);
    return place_teardown(&p) < 0 || found > 0 ? -1 : 0;
}

/* Until nothing is under way. */
static inline void turn(struct night *n)
{
    do {
        n->next = INT32_MAX * (time_t)4;
        OK(n->p, dispatch_run(n->d, &n->next, &n->p->err));
        if (dispatch_in_flight(n->d) > 0)
            curl_multi_poll(n->multi, NULL, 0, 100, NULL);
    } while (dispatch_in_flight(n->d) > 0);
    n->next = INT32_MAX * (time_t)4;
    OK(n->p, dispatch_run(n->d, &n->next, &n->p->err));
}

/* A call-out about one child, planned for a school and a contact; its notice. */
static inline int64_t owed(struct night *n, const char *police_ref, const char *urn,
                           int64_t contact_id)
{
    int64_t incident_id = put(n->p, call_out(n->p, police_ref, 1, "notify", ZELDA, ""), NIGHT);
    int64_t child_id = child(n->p, incident_id, "1").child_id;
    int64_t notice_id;

    decided(n->p, child_id, "match");
    notice_id = planned(n->p, incident_id, 1, "school", urn, contact_id, &child_id, 1);
    run(n->p, "UPDATE outbox SET adapter = 'spool' WHERE adapter = 'email'");
    return notice_id;
}

static inline const char *word(struct night *n, const char *sql)
{
    static char text[128];
    sqlite3_stmt *stmt;

    OK(n->p, sql_query(n->p->db, &stmt, &n->p->err, sql, ""));
    text[0] = '\0';
    if (sql_row(n->p->db, stmt, &n->p->err) == 1)
        snprintf(text, sizeof text, "%s", sql_text(stmt, 0));
    sql_done(stmt);
    return text;
}

#define STATE(n, expected)                                                                         \
    assert_string_equal(word(n, "SELECT group_concat(state, ' ') FROM outbox"                      \
                                " WHERE kind = 'notice'"),                                         \
                        expected)
#define ATTEMPTS(n) ask((n)->p, "SELECT count(*) FROM attempt")

/* A folder in the place of every item's file. */
static inline void shut(struct night *n, bool shut)
{
    sqlite3_stmt *stmt;

    OK(n->p,
       sql_query(n->p->db, &stmt, &n->p->err, "SELECT key FROM outbox WHERE kind = 'notice'", ""));
    while (sql_row(n->p->db, stmt, &n->p->err) == 1) {
        if (shut)
            mkdir(file_name(n, sql_text(stmt, 0)), 0700);
        else
            rmdir(file_name(n, sql_text(stmt, 0)));
    }
    sql_done(stmt);
}

static inline int logged(struct night *n, const char *event)
{
    int count = 0;

    fflush(n->log);
    for (const char *p = n->logged; (p = strstr(p, event)); p += strlen(event))
        count++;
    return count;
}

#define DISPATCH_TEST(name) cmocka_unit_test_setup_teardown(name, dispatch_setup, dispatch_teardown)

#endif
