/* gateway/deliver/templates.h - the wordings as they were read, for render. */
#ifndef DELIVER_TEMPLATES_H
#define DELIVER_TEMPLATES_H

#include "deliver/mustache.h"
#include "deliver/render.h"

enum part { PART_SUBJECT, PART_TXT, PART_HTML, PARTS };

/* The parts of one kind of notice; all are there. Borrowed. above and below are the frame's, NULL
 * where none goes round: the subject, and an exercise's banner. */
struct template_set {
    const char *language;
    struct mustache *parts[PARTS];
    struct mustache *above[PARTS], *below[PARTS];
};

/* The wording in that language, else in English; else standard's in that language, else in
 * English; the frame is the wording's in the language found, else standard's. false: there is none
 * of that kind. */
bool templates_find(const struct templates *t, const char *wording, const char *language,
                    const char *kind, struct template_set *out);

#endif
