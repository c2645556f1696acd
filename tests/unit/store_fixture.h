/* tests/unit/store_fixture.h - a store in a folder of its own, with two doors, a desk and call-outs
 * of invented children. */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "claiming.h"
#include "store/incidents.h"
#include "store/notices.h"
#include "store/outbox.h"
#include "store/roll_index.h"
#include "store/sql.h"

#define FORCE "devon-and-cornwall"
#define TOPIC "encompass/v1/" FORCE "/incident"
#define NIGHT ((time_t)1795142100) /* 2026-11-20 02:35 */

/* Names found nowhere else: a test can search for them. */
#define ZELDA                                                                                      \
    "{\"child_ref\":\"1\",\"forename\":\"Zelda\",\"surname\":\"Quibblethwaite\","                  \
    "\"date_of_birth\":\"2017-03-09\",\"voice\":{\"text\":\"Hid upstairs.\"}}"
#define YORICK                                                                                     \
    "{\"child_ref\":\"2\",\"forename\":\"Yorick\",\"surname\":\"Quibblethwaite\","                 \
    "\"date_of_birth\":\"2019-05-01\"}"

static const char fixture_registers[] =
    "INSERT INTO pupil(pupil_key, la_code, pupil_id, seen_import) VALUES (1, '879', 'p1', 1),"
    " (2, '879', 'p2', 1);"
    "INSERT INTO contact(contact_id, namespace, urn, role, name, adapter, address, verified_at)"
    " VALUES (1, 'school', '100001', 'dsl', 'Una', 'email', 'una@example.test', 5),"
    " (2, 'school', '100001', 'deputy', 'Dee', 'email', 'dee@example.test', 5),"
    " (3, 'school', '100002', 'dsl', 'Vera', 'webhook', 'vera', 5),"
    " (4, 'la', '879', 'la_desk', 'Desk', 'email', 'desk@example.test', 5);";

struct place {
    char folder[64];
    char path[96];
    struct db *db;
    struct err err;
    char *message; /* the last of call_out */
};

static inline int place_setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);

    snprintf(p->folder, sizeof p->folder, "/tmp/encompass-test-XXXXXX");
    if (!mkdtemp(p->folder))
        return -1;
    snprintf(p->path, sizeof p->path, "%s/store.db", p->folder);
    *state = p;
    return db_create(p->path, &p->err) < 0 || db_open(p->path, &p->db, &p->err) < 0 ||
                   sql_script(p->db, fixture_registers, &p->err) < 0 ||
                   roll_index_bring_up(p->db, &p->err) < 0
               ? -1
               : 0;
}

static inline int place_teardown(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    struct place *p = *state;

    db_close(p->db);
    for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
        char name[128];

        snprintf(name, sizeof name, "%s%s", p->path, suffixes[i]);
        unlink(name);
    }
    rmdir(p->folder);
    free(p->message);
    free(p);
    return 0;
}

#define OK(p, call)                                                                                \
    do {                                                                                           \
        if ((call) < 0)                                                                            \
            fail_msg("%s: %s", #call, (p)->err.text);                                              \
    } while (0)

/* One number; -1 for none. sql is a literal. */
static inline int64_t ask(struct place *p, const char *sql)
{
    int64_t n = -1;

    OK(p, sql_int(p->db, &n, &p->err, sql, ""));
    return n;
}

static inline void run(struct place *p, const char *script)
{
    OK(p, sql_script(p->db, script, &p->err));
}

/* A message; children is the inside of the array, more further members or "". */
static inline const char *call_out(struct place *p, const char *police_ref, int revision,
                                   const char *action, const char *children, const char *more)
{
    struct buf json;

    buf_init(&json, 65536);
    buf_addf(&json,
             "{\"version\":1,\"force\":\"" FORCE "\",\"police_ref\":\"%s\",\"revision\":%d,"
             "\"type\":\"domestic_abuse\",\"action\":\"%s\","
             "\"attended_at\":\"2026-11-19T23:41:00Z\",\"children\":[%s]%s}",
             police_ref, revision, action, children, more);
    free(p->message);
    p->message = buf_take(&json);
    return p->message;
}

/* Stores it as accept_message does, without receipts; the incident's id. */
static inline int64_t put(struct place *p, const char *json, time_t now)
{
    struct incident *incident;
    struct incident_ident ident;
    struct problems problems;
    int64_t message_id, incident_id;

    problems_init(&problems);
    OK(p, incident_parse(json, strlen(json), FORCE, now, &incident, &ident, &problems, &p->err));
    if (!incident)
        fail_msg("%s %s", problems.list[0].at, problems.list[0].text);
    OK(p, db_begin(p->db, &p->err));
    OK(p, incidents_keep_message(p->db, TOPIC, json, strlen(json), "accepted", NULL, now,
                                 &message_id, &p->err));
    OK(p, incidents_put(p->db, incident, message_id, now, &incident_id, &p->err));
    OK(p, db_commit(p->db, &p->err));
    incident_free(incident);
    problems_release(&problems);
    return incident_id;
}

static inline struct child_row child(struct place *p, int64_t incident_id, const char *child_ref)
{
    struct child_row *rows, found = {.child_id = -1};
    size_t count;

    OK(p, incidents_children(p->db, incident_id, &rows, &count, &p->err));
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].child_ref, child_ref) == 0)
            found = rows[i];
    }
    free(rows);
    return found;
}

/* As matching leaves it: the pupil found, the child planning's. */
static inline void decided(struct place *p, int64_t child_id, const char *outcome)
{
    int64_t pupil = strcmp(outcome, "match") == 0 ? 1 : -1;

    OK(p, sql_run(p->db, &p->err,
                  "INSERT INTO decision(child_id, made_at, made_by, outcome, pupil_key, rule)"
                  " VALUES (?, 1, 'matcher', ?, ?, 'a rule')",
                  "itm", child_id, outcome, pupil));
    OK(p, sql_run(p->db, &p->err,
                  "UPDATE child SET stage = 'plan', decision_id = ? WHERE child_id = ?", "ii",
                  sql_last_id(p->db), child_id));
}

/* As planning leaves it: a notice for one door and one contact (-1 none), the children done. */
static inline int64_t planned(struct place *p, int64_t incident_id, int64_t revision,
                              const char *namespace, const char *urn, int64_t contact_id,
                              int64_t *child_ids, size_t count)
{
    struct plan_notice notice = {
        .kind = strcmp(namespace, "la") == 0 ? NOTICE_DESK : NOTICE_NOTICE,
        .basis = BASIS_STATUTORY,
        .reason = strcmp(namespace, "la") == 0 ? DESK_NO_MATCH : DESK_NONE,
        .due = {NIGHT + 22500, NIGHT + 25200, "school-morning", -1},
        .contact_id = contact_id,
        .child_ids = child_ids,
        .children_count = count,
    };
    struct door door;
    int64_t notice_id;

    snprintf(door.namespace, sizeof door.namespace, "%s", namespace);
    snprintf(door.urn, sizeof door.urn, "%s", urn);
    OK(p, notices_add(p->db, incident_id, revision, &notice, &door,
                      contact_id == 3 ? "webhook" : "email", NIGHT, &notice_id, &p->err));
    for (size_t i = 0; i < count; i++)
        OK(p, incidents_set_stage(p->db, child_ids[i], STAGE_DONE, &p->err));
    return notice_id;
}
#define DUE (NIGHT + 22500)

/* Claims one item of an adapter and has it sent. */
static inline void send_one(struct place *p, const char *adapter, time_t now)
{
    struct outbox_item item;

    assert_int_equal(outbox_claim(p->db, adapter, now, 60, &item, 1, &p->err), 1);
    OK(p, db_begin(p->db, &p->err));
    OK(p, outbox_sent(p->db, &item, 250, "taken over", 12, now, &p->err));
    OK(p, db_commit(p->db, &p->err));
    outbox_item_release(&item);
}

#endif
