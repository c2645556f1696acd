#include "adapters/adapter.h"

#include <string.h>

const struct adapter *const adapters[] = {&email_adapter, &webhook_adapter, &notify_adapter,
                                          &spool_adapter, NULL};

const struct adapter *adapter_find(const char *name)
{
    for (size_t i = 0; adapters[i]; i++) {
        if (strcmp(adapters[i]->name, name) == 0)
            return adapters[i];
    }
    return NULL;
}

const char *verdict_word(enum verdict verdict)
{
    static const char *const words[] = {"sent", "later", "never", "broken"};

    return words[verdict];
}
