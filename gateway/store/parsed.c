#include "store/parsed.h"

#include <stdlib.h>
#include <string.h>

#include "store/statement.h"

struct parsed {
    struct one {
        struct personal body; /* absent: none */
        time_t received_at;
        struct incident *incident;
    } of[PARSED_MOST]; /* by the message's number */
};

static void forget(struct one *one)
{
    personal_release(&one->body);
    incident_free(one->incident);
    one->incident = NULL;
}

void parsed_free(struct parsed *parsed)
{
    for (size_t i = 0; parsed && i < PARSED_MOST; i++)
        forget(&parsed->of[i]);
    free(parsed);
}

static bool is_same(const struct one *one, const char *body, size_t length, time_t received_at)
{
    return one->incident && one->received_at == received_at && one->body.length == length &&
           memcmp(personal_reveal(&one->body), body, length) == 0;
}

int parsed_incident(struct db *db, int64_t number, const char *body, size_t length,
                    time_t received_at, struct incident **out, struct problems *problems,
                    struct err *err)
{
    struct incident_ident ident;
    struct one *one;

    if (!db->parsed) {
        db->parsed = calloc(1, sizeof *db->parsed);
        if (!db->parsed)
            return err_memory(err);
    }
    one = &db->parsed->of[(uint64_t)number % PARSED_MOST];
    if (!is_same(one, body, length, received_at)) {
        forget(one);
        if (incident_parse(body, length, NULL, received_at, &one->incident, &ident, problems, err) <
            0)
            return -1;
        if (!one->incident)
            return 0;
        one->received_at = received_at;
        if (personal_set(&one->body, body, length, err) < 0) {
            forget(one);
            return -1;
        }
    }
    *out = incident_share(one->incident);
    return 0;
}
