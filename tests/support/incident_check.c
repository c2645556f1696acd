/* Judges many messages at once, for tests that hold another reading of the contract to the
 * gateway's own.
 *
 *   incident_check FORCE RECEIVED_AT
 *
 * Reads from standard input, again and again, a line with a number of bytes and then that many
 * bytes: a message. Writes for each a line with its first receipt, `accepted` or `refused`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "intake/incident.h"
#include "intake/receipt.h"

static void receipt_of(const struct incident *incident, const struct incident_ident *ident,
                       const struct problems *problems, time_t at, struct buf *out)
{
    struct receipt_child children[INCIDENT_CHILDREN_MAX];
    size_t count = incident ? incident->children_count : 0;

    for (size_t i = 0; i < count; i++) {
        memcpy(children[i].child_ref, incident->children[i].child_ref, CHILD_REF_SIZE);
        memcpy(children[i].state, "open", sizeof "open");
    }
    receipt_json(ident, incident ? "accepted" : "refused", at, problems, children, count, out);
}

static int judge(const char *json, size_t length, const char *force, time_t received_at)
{
    struct incident *incident = NULL;
    struct incident_ident ident;
    struct problems problems;
    struct buf out;
    struct err err;
    int rc;

    problems_init(&problems);
    buf_init(&out, 64 * 1024);
    rc = incident_parse(json, length, force, received_at, &incident, &ident, &problems, &err);
    if (rc == 0) {
        receipt_of(incident, &ident, &problems, received_at, &out);
        rc = buf_check(&out, &err);
    }
    if (rc == 0)
        puts(buf_text(&out));
    else
        fprintf(stderr, "incident_check: %s\n", err.text);
    incident_free(incident);
    problems_release(&problems);
    buf_release(&out);
    return rc;
}

int main(int argc, char **argv)
{
    time_t received_at;
    size_t length;

    if (argc != 3 || !moment_parse(argv[2], &received_at)) {
        fputs("usage: incident_check FORCE RECEIVED_AT\n", stderr);
        return 2;
    }
    while (scanf("%zu", &length) == 1 && getchar() == '\n') {
        char *json = malloc(length + 1);
        int rc = -1;

        if (json && fread(json, 1, length, stdin) == length)
            rc = judge(json, length, argv[1], received_at);
        free(json);
        if (rc < 0)
            return 3;
    }
    return feof(stdin) ? 0 : 3;
}
