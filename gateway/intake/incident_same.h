/* gateway/intake/incident_same.h - what two messages say alike: what a revision has changed, and
 * whether a message that comes again is the one that is stored.
 *
 * Looks at what was understood, not at bytes: the order of members, white space, blanks and nulls
 * say nothing.
 */
#ifndef INTAKE_INCIDENT_SAME_H
#define INTAKE_INCIDENT_SAME_H

#include "intake/incident.h"

/* The child of that reference, NULL when the incident (NULL is allowed) names none. */
const struct incident_child *incident_child_named(const struct incident *incident,
                                                  const char *child_ref);

/* All that matching looks at. The day of the call-out, from which an age counts, is the
 * incident's. */
bool incident_child_same_to_match(const struct incident_child *a, const struct incident_child *b);

/* What else a notice can say of a child. */
bool incident_child_same_to_tell(const struct incident_child *a, const struct incident_child *b);

/* What a notice can say of the incident. */
bool incident_same_to_tell(const struct incident *a, const struct incident *b);

/* Everything but the moment of sending, which grows with every try, and the order of the children. */
bool incident_same(const struct incident *a, const struct incident *b);

#endif
