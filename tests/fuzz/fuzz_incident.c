/* Any bytes are an incident or have problems that can be told: never a crash, never our failure,
 * and never a receipt that is no JSON. The corpus of messages is the seed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "intake/incident.h"
#include "intake/incident_json.h"
#include "intake/receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds)
        abort();
}

static void check_receipt(const struct incident_ident *ident, const struct problems *problems)
{
    struct problems none;
    struct buf out;
    cJSON *tree;

    buf_init(&out, 128 * 1024);
    receipt_json(ident, "refused", 0, problems, NULL, 0, &out);
    must(buf_check(&out, NULL) == 0);
    problems_init(&none);
    must(incident_json_parse(out.data, out.length, &tree, &none, NULL) == 0);
    must(tree && none.count == 0);
    for (size_t i = 0; i < problems->count; i++) /* a pointer into a message, if it was one */
        must(problems->list[i].at[0] == '\0' || problems->list[i].at[0] == '/');
    incident_json_free(tree);
    problems_release(&none);
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct incident *incident = NULL;
    struct incident_ident ident;
    struct problems problems;
    struct err err;

    problems_init(&problems);
    must(incident_parse((const char *)data, size, "devon-and-cornwall", 1795137180, &incident,
                        &ident, &problems, &err) == 0);
    must((incident == NULL) == (problems.count > 0));
    must(incident_force_is_valid(ident.force));
    if (incident) {
        must(incident->children_count >= 1 && incident->children_count <= INCIDENT_CHILDREN_MAX);
        must(incident->attended_at > 0 && incident->revision >= 1);
        must(strcmp(incident->force, ident.force) == 0 && *incident->police_ref);
        for (size_t i = 0; i < incident->children_count; i++)
            must(*incident->children[i].child_ref &&
                 (personal_is_set(&incident->children[i].forename) ||
                  personal_is_set(&incident->children[i].surname)));
    }
    check_receipt(&ident, &problems);
    incident_free(incident);
    problems_release(&problems);
    return 0;
}
