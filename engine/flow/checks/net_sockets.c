#include "net_sockets.h"

#include "native_text.h"

#define STATE_WORD 3

void rg_net_sockets(struct rg_str text, struct rg_socket_counts *out)
{
    struct rg_str line, words[STATE_WORD + 1];

    *out = (struct rg_socket_counts){0};
    if (!rg_str_split(&text, '\n', &line))
        return;
    while (rg_str_split(&text, '\n', &line)) {
        struct rg_str word;
        size_t state = 0;

        if (rg_text_words(line, words, STATE_WORD + 1) <= STATE_WORD)
            continue;
        word = words[STATE_WORD];
        for (size_t i = 0; i < word.len && word.len == 2; i++) {
            char c = word.ptr[i];
            bool digit = c >= '0' && c <= '9', letter = c >= 'A' && c <= 'F';

            if (!digit && !letter) {
                word.len = 0;
                break;
            }
            state = state * 16 + (size_t)(digit ? c - '0' : c - 'A' + 10);
        }
        if (word.len != 2)
            continue;
        out->by_state[state < RG_TCP_STATES ? state : 0]++;
        out->all++;
    }
}

/* upstream gives sockets in LAST_ACK to time_wait when states are not combined */
const char *rg_tcp_state_name(size_t state, bool combine)
{
    static const char *const names[RG_TCP_STATES][2] = {
        [1] = {"estab", "established"},
        [2] = {"syn_sent", "opening"},
        [3] = {"syn_recv", "opening"},
        [4] = {"fin_wait_1", "closing"},
        [5] = {"fin_wait_2", "closing"},
        [6] = {"time_wait", "time_wait"},
        [7] = {"unconn", "closing"}, /* bound, neither listening nor connected */
        [8] = {"close_wait", "closing"},
        [9] = {"time_wait", "closing"},
        [10] = {"listen", "listening"},
        [11] = {"closing", "closing"},
        [12] = {"syn_recv", "opening"},
    };

    return state < RG_TCP_STATES ? names[state][combine] : NULL;
}
