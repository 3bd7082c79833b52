/* The check scheduling flow of a run: conf.d to checks, checks to samples, samples to payloads.
 * docs/ARCHITECTURE.md shows the way of a sample. */
#ifndef RG_CORE_CHECK_FLOW_H
#define RG_CORE_CHECK_FLOW_H

#include "engine_setup.h"
#include "status_document.h"

struct rg_check_flow;

/* Asked for the numbers of the process flow when a status is made; by any task. */
typedef void rg_process_numbers_fn(void *ctx, struct rg_status_process *out);

/* setup and backends are borrowed and outlive it; setup was loaded with use_flow.
 *   RG_OK  *out is owned: rg_check_flow_destroy
 *   RG_EINVALID, RG_ENOMEM */
RG_NODISCARD enum rg_status rg_check_flow_create(const struct rg_backends *backends,
    const struct rg_engine_setup *setup, rg_process_numbers_fn *numbers, void *ctx,
    struct rg_check_flow **out, struct rg_err *err);

/* Starts the tasks, reads conf.d and schedules it. A folder that cannot be read is an error in log
 * and status; polling goes on looking at it.
 *   RG_OK
 *   RG_ENOMEM, RG_ELIMIT, RG_EIO, RG_ESTOPPED, RG_EDIVERGED  what was started was stopped again */
RG_NODISCARD enum rg_status rg_check_flow_start(struct rg_check_flow *f, struct rg_err *err);

/* Ends the checks, then flushes once more, then sends what is queued. */
void rg_check_flow_stop(struct rg_check_flow *f);

/* Emits one status. The numbers of a flow that has stopped stay. */
void rg_check_flow_status(struct rg_check_flow *f);

/* Of a flow that has stopped. */
struct rg_engine_check_report rg_check_flow_report(struct rg_check_flow *f);

void rg_check_flow_destroy(struct rg_check_flow *f); /* stopped or never started; NULL is fine */

#endif
