/* gateway/cli/outgoing.h - the messages of a file that is to be published, and what became of each.
 *
 * A file is one JSON incident, over as many lines as it likes, or JSON Lines: one a line.
 */
#ifndef CLI_OUTGOING_H
#define CLI_OUTGOING_H

#include "base/buf.h"
#include "intake/incident.h"

enum fate {
    FATE_WAITING, /* not published yet, or published and not receipted */
    FATE_ACCEPTED,
    FATE_REPEAT,
    FATE_REFUSED,  /* by the gateway: errors says why */
    FATE_REJECTED, /* by the broker: code says why */
    FATE_COUNT,
};
const char *fate_word(enum fate fate);

struct outgoing {
    const char *json; /* into the file's bytes */
    size_t length;
    int line;                         /* where it begins */
    char force[FORCE_SIZE];           /* whose topic it goes to; "" unknown */
    char police_ref[POLICE_REF_SIZE]; /* as the message has it; "" unusable */
    int64_t revision;                 /* -1 unusable */
    enum fate fate;
    int code;     /* the broker's, when rejected */
    char *errors; /* a receipt's, as JSON; owned, NULL none */
    bool sent;    /* on this connection */
};

struct outgoing_file {
    struct buf bytes;
    struct outgoing *list;
    size_t count;
};

/* Reads a file, "-" for standard input. force: for all of them (--force), or NULL for each one's
 * own, or else fallback. */
int outgoing_read(struct outgoing_file *file, const char *path, const char *force,
                  const char *fallback, struct err *err) MUST_CHECK;
void outgoing_release(struct outgoing_file *file);

size_t outgoing_count(const struct outgoing_file *file, enum fate fate);

#endif
