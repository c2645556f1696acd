/* gateway/match/person.h - a struct person made from what came in, each text folded.
 *
 * Texts that fold to nothing are left out, so a person has only names that can be compared; one
 * that is there already is not added again. */
#ifndef MATCH_PERSON_H
#define MATCH_PERSON_H

#include "match/match.h"

void person_init(struct person *p); /* knows nothing: dates DAY_NONE, age -1 */
void person_wipe(struct person *p);

/* In the order of their worth: forename, preferred, known as; surname, former ones. The first of
 * each is the name in use and may be absent: call with "" then. */
void person_add_forename(struct person *p, const char *text);
void person_add_surname(struct person *p, const char *text);
void person_set_middle_names(struct person *p, const char *text);
void person_set_upn(struct person *p, const char *text);
void person_set_postcode(struct person *p, const char *text);
void person_set_address(struct person *p, const char *text); /* house and street, not postcode */
/* Beside its home, as the roll has it. */
void person_set_other_home(struct person *p, const char *address, const char *postcode);
void person_home(const struct person *p, struct home *out);
void person_lives_at(struct person *p, const struct home *home);
void person_add_school(struct person *p, const char *namespace, const char *urn);
void person_add_school_name(struct person *p, const char *text);

/* Where a child of a call-out is looked for: where its home is not said, the place of the incident
 * stands for it. It can speak for a pupil who lives there, and a difference only ever asks for a
 * person's look. */
const struct incident_place *person_place(const struct incident *incident,
                                          const struct incident_child *child);

/* A child of a call-out, at that place. */
void person_from_child(const struct incident *incident, const struct incident_child *child,
                       struct person *out);

#endif
