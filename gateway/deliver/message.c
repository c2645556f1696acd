#include "deliver/message.h"

void message_release(struct message *m)
{
    personal_release(&m->to_name);
    personal_release(&m->to_address);
    personal_release(&m->reply_to);
    personal_release(&m->text);
    personal_release(&m->html);
    personal_release(&m->json);
}
