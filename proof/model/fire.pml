/* Copyright the HMT authors. Licence: Apache-2.0.
 *
 * Claim, gate, take-over, stop and cancel: two processes that contend for one lease, one store, one
 * broker, and people. README.md says what stands for what in the code; check.py runs it all.
 *
 * Freezing needs no step of its own: a process that is not chosen is frozen, wherever it stands.
 * Epochs and versions are not numbered. What matters of them is kept as bits: whether the lease of a
 * process is the current one, whether an item was made under a former lease of the same process,
 * whether a row has changed since an engine read it.
 */
#ifndef TAKES
#define TAKES 3   /* leases taken, with the first */
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef LAPSES
#define LAPSES 2  /* how often a lease stops being fresh */
#endif
#ifndef LOST
#define LOST 1    /* commits whose answer is lost */
#endif
#ifndef STOPS
#define STOPS 1
#endif
#ifndef STARTS
#define STARTS 1
#endif
#ifndef WRITES
#define WRITES 1  /* cancels and edits by people */
#endif

#define NOBODY 2

/* Tags. Trigger 0 may be tried twice in its first fire, and its owner chose "retry" when unknown;
 * trigger 1 is parked. Both may fire twice. They are one group: at most one may win. */
#define TAGS 5
#define T(i) ((i) >= 3)
#define FIRE(i) (((i) == 2 || (i) == 4) + 1)
#define OTHER(t) (1 - (t))

/* Rows. */
#define ACTIVE 0
#define FIRING 1
#define TRIGGERED 2
#define FAILED 3
#define CANCELLED 4
#define ATTENTION 5

/* Attempts on record. `unknown` is recovered like `forwarded`, and not told from it here. */
#define A_NONE 0
#define A_QUEUED 1
#define A_FORWARDED 2
#define A_PLACED 3
#define A_OVER 4       /* withdrawn or refused */
#define A_TO_RETRY 5   /* not placed, or absent */
#define A_PARKED 6     /* absent, and a person was told */

/* Orders at the broker. */
#define B_NONE 0
#define B_FLIGHT 1     /* bytes have left; it may still arrive, or never */
#define B_TAKEN 2
#define B_STANDS 3     /* at the exchange, filled, or cancelled there */
#define B_REJECTED 4
#define B_REFUSED 5    /* a refusal for good */
#define B_BUSY 6       /* known not to be placed */
#define B_GONE 7
#define IS_LIVE(i) (broker[i] == B_TAKEN || broker[i] == B_STANDS)

/* What the gate has in hand. */
#define G_NONE 0
#define G_WAITS 1      /* for its turn */
#define G_JOURNAL 2    /* its record is being written */
#define G_READY 3      /* durable: the last look is next */
#define G_SENT 4
#define G_SEEN 5       /* answered, or given up as unknown */
#define G_WITHDRAWN 6

/* Flights of an engine. */
#define F_NONE 0
#define F_CLAIMING 1
#define F_QUEUED 2
#define F_OPEN 3       /* forwarded or unknown: looked up in the order book */
#define F_TAKEN 4
#define F_STANDS 5
#define F_RETRY 6
#define F_OVER 7
#define F_PARKED 8

/* Processes. */
#define STANDBY 0
#define RETAKING 1     /* its engine is forgotten; it is the holder still */
#define BOOTING 2      /* has the lease, has not read the records */
#define RUNNING 3
#define HALTED 4       /* stopped while booting: no engine */

/* Commit queue. */
#define K_CLAIM_QUEUED 0
#define K_CLAIM_FORWARDED 1
#define K_SUBMIT_QUEUED 2
#define K_SUBMIT_FORWARDED 3
#define K_JOURNAL 4
#define K_REARM 5      /* attempt over, row active, group released */
#define K_OVER 6       /* attempt over */
#define K_FAILED 7     /* attempt over, row failed, group released */
#define K_RETRY 8      /* attempt to be retried, row still firing */
#define K_PLACED 9
#define K_SETTLED 10   /* placed, and the other members of the group go */
#define K_REJECTED 11  /* placed and rejected: row failed, group released */
#define K_PARKED 12

/* ---- durable */
byte row[2];
bool edited_since[4];      /* people replaced the text that an engine goes by */
byte fires[2];
byte winner = NOBODY;
byte attempt[TAGS];
bool stopped;
byte holder = 0;           /* whose epoch is the store's */

/* ---- the broker, and what it has seen */
byte broker[TAGS];
byte accepted[2];          /* orders of a trigger, whatever became of them */

/* ---- processes */
byte phase[2];
bool believes[2];          /* has an epoch */
bool fresh[2];
bool looked_before[2];     /* that freshness is older than the stop that was written */
bool knows_stop[2];
bool open[2];               /* gate open, prices evaluated */
chan queue[2] = [5] of { byte, byte };
byte former_items[2];      /* so many at the head were made under a former lease */
byte gate[10];
bool former[10];           /* at the gate since a former lease */
byte flight[10];
bool armed[4];
bool in_sync[4];           /* the row is what the engine read last */
bool claim_good[4];        /* the row has not changed since the claim was made */
byte won[2];               /* the group's winner as an engine knows it */
bool early[10];            /* withdrawals that came while there was no engine */

/* ---- people */
#define A_STOP_WRITTEN 1
#define A_STOP_WAITS 2
byte asking;               /* how far a stop is that waits for its answer */
byte asked = NOBODY;
bool stop_confirmed;
bool cancel_confirmed[2];

byte takes = 1, crashes, lapses, lost, stops, starts, writes;

#define GATE(p, i) gate[(p) * TAGS + (i)]
#define FORMER(p, i) former[(p) * TAGS + (i)]
#define FLIGHT(p, i) flight[(p) * TAGS + (i)]
#define EARLY(p, i) early[(p) * TAGS + (i)]
#define ARMED(p, t) armed[(p) * 2 + (t)]
#define SYNC(p, t) in_sync[(p) * 2 + (t)]
#define GOOD(p, t) claim_good[(p) * 2 + (t)]
#define EDITED(p, t) edited_since[(p) * 2 + (t)]
#define HOLDS(p) (believes[p] && holder == (p))
#define IS_ROOM(p) (len(queue[p]) < 3)
#define ANY(c) (c(0) || c(1) || c(2) || c(3) || c(4))
#define PICK(c) if :: c(0) -> i = 0 :: c(1) -> i = 1 :: c(2) -> i = 2 :: c(3) -> i = 3 :: c(4) -> i = 4 fi

/* ---- what the search came by, told once each */
c_decl { static unsigned long seen_marks; }
#define REACHED(n, name) c_code { if (!(seen_marks & (1UL << n))) { \
  seen_marks |= 1UL << n; printf("REACHED " name "\n"); } }

/* ---- rows */
inline row_changed(t) {
  SYNC(0, t) = false; SYNC(1, t) = false; GOOD(0, t) = false; GOOD(1, t) = false
}

inline release(t) {
  if :: winner == (t) -> winner = NOBODY :: else fi
}

inline apply_outcome(t, status) {
#ifdef MUTANT_cancelled_armed_again
  row[t] = status;
#else
  if :: status == ACTIVE && row[t] == CANCELLED :: else -> row[t] = status fi;
#endif
  row_changed(t)
}

inline settle(t) {
#ifdef MUTANT_sibling_not_dropped
  release(t);
  row_changed(OTHER(t))
#else
  if :: winner == NOBODY -> winner = t :: else fi;
  if :: row[OTHER(t)] == ACTIVE -> row[OTHER(t)] = CANCELLED; row_changed(OTHER(t)) :: else fi
#endif
}

/* ---- engine */
#define SAME_TRIGGER(i, j) ((i) != (j) && T(i) == T(j))
#define HAS_ORDER(p, j) (FLIGHT(p, j) == F_TAKEN || FLIGHT(p, j) == F_STANDS)
#define ANOTHER_HAS(p, i) ((SAME_TRIGGER(i, 0) && HAS_ORDER(p, 0)) || \
  (SAME_TRIGGER(i, 1) && HAS_ORDER(p, 1)) || (SAME_TRIGGER(i, 2) && HAS_ORDER(p, 2)) || \
  (SAME_TRIGGER(i, 3) && HAS_ORDER(p, 3)) || (SAME_TRIGGER(i, 4) && HAS_ORDER(p, 4)))

inline release_group(p, t) {
  if :: won[p] == (t) -> won[p] = NOBODY :: else fi
}

inline write_end(p, i, kind) {
  FLIGHT(p, i) = F_OVER;
  if
  :: ANOTHER_HAS(p, i) -> queue[p] ! K_OVER, i
  :: else -> queue[p] ! kind, i; release_group(p, T(i))
  fi
}

/* The gate, or a record that was refused, says that nothing was sent. */
inline hear_withdrawn(p, i) {
  if
  :: phase[p] == RUNNING && (FLIGHT(p, i) == F_QUEUED || FLIGHT(p, i) == F_OPEN) ->
    write_end(p, i, K_REARM)
  :: else
  fi
}

/* The same about an attempt of a former lease. */
inline hear_former_withdrawn(p, i) {
#ifdef MUTANT_former_withdrawal_believed
  if
  :: phase[p] == RETAKING || phase[p] == BOOTING || phase[p] == HALTED -> EARLY(p, i) = true
  :: else -> hear_withdrawn(p, i)
  fi;
#endif
  REACHED(0, "former_withdrawal")
}

inline forget(p) {
  FLIGHT(p, 0) = F_NONE; FLIGHT(p, 1) = F_NONE; FLIGHT(p, 2) = F_NONE; FLIGHT(p, 3) = F_NONE;
  FLIGHT(p, 4) = F_NONE;
  ARMED(p, 0) = false; ARMED(p, 1) = false; SYNC(p, 0) = false; SYNC(p, 1) = false;
  GOOD(p, 0) = false; GOOD(p, 1) = false; EDITED(p, 0) = false; EDITED(p, 1) = false;
  won[p] = NOBODY
}

inline take_back(p, i) {
  if
  :: GATE(p, i) == G_WAITS ->
    GATE(p, i) = G_WITHDRAWN;
    if :: FORMER(p, i) -> hear_former_withdrawn(p, i) :: else -> hear_withdrawn(p, i) fi
  :: else
  fi
}

inline shut_gate(p) {
  open[p] = false;
  take_back(p, 0); take_back(p, 1); take_back(p, 2); take_back(p, 3); take_back(p, 4)
}

inline lose_lease(p) {
  believes[p] = false;
  fresh[p] = false; looked_before[p] = false;
  shut_gate(p);
  forget(p);
  EARLY(p, 0) = false; EARLY(p, 1) = false; EARLY(p, 2) = false; EARLY(p, 3) = false;
  EARLY(p, 4) = false;
  phase[p] = STANDBY;
  REACHED(1, "lease_lost")
}

inline stopped_now(p) {
  shut_gate(p);
  if :: phase[p] == BOOTING || phase[p] == RETAKING -> phase[p] = HALTED :: else fi
}

inline boot(p) {
  forget(p);
  phase[p] = RETAKING
}

/* An attempt that is durable comes to the gate. */
inline submit(p, i, stage) {
  if
  :: GATE(p, i) == G_NONE -> GATE(p, i) = stage; FORMER(p, i) = false
  :: GATE(p, i) == G_WITHDRAWN -> hear_withdrawn(p, i); REACHED(2, "withdrawn_told_again")
  :: else
  fi
}

/* ---- the commit queue: its head is written, or refused */
inline drop_head(p) {
  queue[p] ? kind, i;
  if :: former_items[p] > 0 -> former_items[p]-- :: else fi
}

/* Written, but the answer is lost: it is tried again. */
inline lose_answer(p) {
  if
  :: lost < LOST -> lost++; goes = false; REACHED(3, "commit_unknown")
  :: goes = true
  fi
}

#ifdef MUTANT_claim_ignores_epoch
#define CLAIM_FENCED(p) (!believes[p])
#else
#define CLAIM_FENCED(p) (!HOLDS(p) || former_items[p] > 0)
#endif
#ifdef MUTANT_former_record_commits
#define RECORD_REFUSED(p) (!HOLDS(p))
#else
#define RECORD_REFUSED(p) (!HOLDS(p) || former_items[p] > 0)
#endif
#ifdef STORE_REFUSES_FORWARDED
#define SAYS_FORWARDED(kind) (kind == K_JOURNAL || kind == K_SUBMIT_FORWARDED)
#else
#define SAYS_FORWARDED(kind) false
#endif
#ifdef MUTANT_claim_ignores_row
#define ROW_STALE(p, t) false
#else
#ifdef MUTANT_claim_ignores_version
#define ROW_STALE(p, t) (row[t] != ACTIVE)
#else
#define ROW_STALE(p, t) (row[t] != ACTIVE || !GOOD(p, t))
#endif
#endif
#ifdef MUTANT_group_not_asked
#define GROUP_TAKEN(t) false
#else
#define GROUP_TAKEN(t) (winner == OTHER(t))
#endif

inline claim_lost(p, i) {
  FLIGHT(p, i) = F_NONE;
  SYNC(p, T(i)) = false
}

inline commit_claim(p) {
  if
  :: CLAIM_FENCED(p) ->
    drop_head(p);
    if
    :: FLIGHT(p, i) == F_CLAIMING -> FLIGHT(p, i) = F_NONE; lose_lease(p)
    :: else
    fi;
    REACHED(4, "claim_fenced")
  :: else ->
    if
    :: attempt[i] != A_NONE -> goes = true; REACHED(5, "claim_repeated")
    :: attempt[i] == A_NONE && stopped ->
      drop_head(p); claim_lost(p, i); release_group(p, T(i)); goes = false;
      REACHED(6, "claim_stopped")
    :: attempt[i] == A_NONE && !stopped && ROW_STALE(p, T(i)) ->
      drop_head(p); claim_lost(p, i); release_group(p, T(i)); goes = false;
      REACHED(7, "claim_stale")
    :: attempt[i] == A_NONE && !stopped && !ROW_STALE(p, T(i)) && GROUP_TAKEN(T(i)) ->
      drop_head(p); claim_lost(p, i); goes = false
    :: attempt[i] == A_NONE && !stopped && !ROW_STALE(p, T(i)) && !GROUP_TAKEN(T(i)) ->
      assert(!EDITED(p, T(i)));  /* an order of a text that was replaced */
      row[T(i)] = FIRING;
      row_changed(T(i));
      fires[T(i)] = FIRE(i);
      winner = T(i);
      attempt[i] = (kind == K_CLAIM_QUEUED -> A_QUEUED : A_FORWARDED);
      lose_answer(p)
    fi;
    if
    :: goes ->
      drop_head(p);
      if :: FLIGHT(p, i) == F_CLAIMING -> FLIGHT(p, i) = F_QUEUED :: else fi;
      submit(p, i, (kind == K_CLAIM_QUEUED -> G_WAITS : G_READY))
    :: else
#ifdef MUTANT_unknown_commit_dropped
      -> if :: attempt[i] != A_NONE -> drop_head(p); claim_lost(p, i) :: else fi
#endif
    fi
  fi
}

inline refuse_record(p) {
  was_former = former_items[p] > 0;
  drop_head(p);
  if
  :: !was_former && believes[p] && holder != p -> lose_lease(p)
  :: else
  fi;
  if
  :: kind == K_JOURNAL ->
    GATE(p, i) = G_WITHDRAWN;
    if
    :: was_former -> hear_former_withdrawn(p, i)
    :: else -> hear_withdrawn(p, i)
    fi
  :: kind == K_SUBMIT_QUEUED || kind == K_SUBMIT_FORWARDED ->
    if
    :: was_former -> hear_former_withdrawn(p, i)
    :: else -> hear_withdrawn(p, i)
    fi
  :: else
  fi;
  if :: was_former -> REACHED(8, "former_record_refused") :: else fi
}

inline commit_record(p) {
  if
  :: RECORD_REFUSED(p) || (stopped && SAYS_FORWARDED(kind)) -> refuse_record(p)
  :: else ->
    if
    :: kind == K_SUBMIT_QUEUED -> attempt[i] = A_QUEUED
    :: kind == K_SUBMIT_FORWARDED || kind == K_JOURNAL -> attempt[i] = A_FORWARDED
    :: kind == K_REARM ->
      attempt[i] = A_OVER; apply_outcome(T(i), ACTIVE); release(T(i))
    :: kind == K_OVER -> attempt[i] = A_OVER
    :: kind == K_FAILED ->
      attempt[i] = A_OVER; apply_outcome(T(i), FAILED); release(T(i))
    :: kind == K_RETRY -> attempt[i] = A_TO_RETRY; apply_outcome(T(i), FIRING)
    :: kind == K_PLACED -> attempt[i] = A_PLACED; apply_outcome(T(i), TRIGGERED)
    :: kind == K_SETTLED ->
      attempt[i] = A_PLACED; apply_outcome(T(i), TRIGGERED); settle(T(i))
    :: kind == K_REJECTED ->
      attempt[i] = A_PLACED; apply_outcome(T(i), FAILED); release(T(i))
    :: kind == K_PARKED -> attempt[i] = A_PARKED; apply_outcome(T(i), ATTENTION)
    fi;
    lose_answer(p);
    if
    :: goes ->
      was_former = former_items[p] > 0;
      drop_head(p);
      if
      :: kind == K_SUBMIT_QUEUED && !was_former -> submit(p, i, G_WAITS)
      :: kind == K_SUBMIT_FORWARDED && !was_former -> submit(p, i, G_READY)
      :: (kind == K_SUBMIT_QUEUED || kind == K_SUBMIT_FORWARDED) && was_former &&
         GATE(p, i) == G_NONE -> GATE(p, i) = G_READY; FORMER(p, i) = true
      :: kind == K_JOURNAL -> GATE(p, i) = G_READY
      :: else
      fi
    :: else
    fi
  fi
}

/* ---- recovery */
#define LATER_EXISTS(i) ((i) == 0 && (attempt[1] || attempt[2]) || (i) == 1 && attempt[2] || \
  (i) == 3 && attempt[4])
#define IS_ITS_FIRE(i) (row[T(i)] == FIRING && fires[T(i)] == FIRE(i) && !LATER_EXISTS(i))

inline submit_anew(p, i) {
  FLIGHT(p, i) = F_QUEUED;
  if
  :: open[p] -> queue[p] ! K_SUBMIT_FORWARDED, i
  :: queue[p] ! K_SUBMIT_QUEUED, i
  fi
}

inline recover(p, i) {
  if
  :: attempt[i] == A_NONE -> FLIGHT(p, i) = F_NONE
  :: attempt[i] == A_QUEUED ->
    if
    :: !IS_ITS_FIRE(i) -> FLIGHT(p, i) = F_OVER; queue[p] ! K_OVER, i
    :: IS_ITS_FIRE(i) -> submit_anew(p, i); REACHED(9, "queued_recovered")
    :: IS_ITS_FIRE(i) -> write_end(p, i, K_REARM); REACHED(10, "queued_out_of_date")
    fi
  :: attempt[i] == A_FORWARDED ->
#ifdef MUTANT_recovery_resends_forwarded
    if :: IS_ITS_FIRE(i) -> submit_anew(p, i) :: else -> FLIGHT(p, i) = F_OPEN fi
#else
    FLIGHT(p, i) = F_OPEN
#endif
  :: attempt[i] == A_PLACED ->
    FLIGHT(p, i) = (row[T(i)] == FAILED -> F_OVER : F_TAKEN)
  :: attempt[i] == A_OVER -> FLIGHT(p, i) = F_OVER
  :: attempt[i] == A_TO_RETRY -> FLIGHT(p, i) = (IS_ITS_FIRE(i) -> F_RETRY : F_OVER)
  :: attempt[i] == A_PARKED -> FLIGHT(p, i) = F_PARKED
  fi
}

inline hear_early(p, i) {
  if :: EARLY(p, i) -> EARLY(p, i) = false; hear_withdrawn(p, i) :: else fi
}

inline begin(p) {
  phase[p] = RUNNING;
  won[p] = winner;
  SYNC(p, 0) = true; SYNC(p, 1) = true;
#ifdef MUTANT_recovery_arms_firing
  if :: row[0] == FIRING -> row[0] = ACTIVE; release(0); won[p] = NOBODY :: else fi;
  if :: row[1] == FIRING -> row[1] = ACTIVE; release(1); won[p] = NOBODY :: else fi;
#endif
  ARMED(p, 0) = row[0] == ACTIVE; ARMED(p, 1) = row[1] == ACTIVE;
  recover(p, 0); recover(p, 1); recover(p, 2); recover(p, 3); recover(p, 4);
  hear_early(p, 0); hear_early(p, 1); hear_early(p, 2); hear_early(p, 3); hear_early(p, 4)
}

inline mark_former(p, i) {
  if :: GATE(p, i) != G_NONE -> FORMER(p, i) = true :: else fi
}

inline take_lease(p) {
  takes++;
  if :: holder != p -> REACHED(11, "take_over") :: else -> REACHED(12, "lease_retaken") fi;
  holder = p;
  believes[p] = true;
  fresh[p] = true; looked_before[p] = false;
  knows_stop[p] = stopped;
  open[p] = !stopped;
  former_items[p] = len(queue[p]);
  mark_former(p, 0); mark_former(p, 1); mark_former(p, 2); mark_former(p, 3); mark_former(p, 4);
  phase[p] = BOOTING
}

/* ---- the gate's last look, and the first byte in the same step */
#ifdef MUTANT_gate_ignores_freshness
#define FORBIDDEN(p) false
#else
#define FORBIDDEN(p) (knows_stop[p] || !fresh[p])
#endif
#ifdef MUTANT_gate_ignores_epoch
#define GATE_FENCED(p, i) false
#else
#define GATE_FENCED(p, i) FORMER(p, i)
#endif
#ifdef MUTANT_gate_ignores_shut
#define GATE_SHUT(p) false
#else
#define GATE_SHUT(p) (!open[p] || phase[p] != RUNNING)
#endif
#define OBJECTION(p, i) (GATE_SHUT(p) || GATE_FENCED(p, i) || FORBIDDEN(p))

inline accept(i) {
  accepted[T(i)]++;
  assert(accepted[T(i)] <= 1);  /* two orders of one trigger */
  broker[i] = B_TAKEN;
  assert(!((IS_LIVE(0) || IS_LIVE(1) || IS_LIVE(2)) && (IS_LIVE(3) || IS_LIVE(4))));  /* both legs */
  REACHED(13, "order_placed")
}

inline send(p, i) {
  assert(!stop_confirmed);
  assert(!cancel_confirmed[T(i)]);
  assert(HOLDS(p));
  GATE(p, i) = G_SENT;
  if :: FLIGHT(p, i) == F_QUEUED -> FLIGHT(p, i) = F_OPEN :: else fi;
  if
  :: broker[i] == B_NONE -> broker[i] = B_FLIGHT
  :: broker[i] != B_NONE -> accepted[T(i)]++; assert(accepted[T(i)] <= 1)
  :: broker[i] != B_NONE
  fi;
  if :: takes > 1 && holder == 1 -> REACHED(14, "sent_after_take_over") :: else fi;
  if :: i == 1 -> REACHED(15, "sent_a_second_attempt") :: else fi;
  if :: starts > 0 -> REACHED(16, "sent_after_a_start") :: else fi
}

inline withdraw(p, i) {
  GATE(p, i) = G_WITHDRAWN;
  if :: FORMER(p, i) -> hear_former_withdrawn(p, i) :: else -> hear_withdrawn(p, i) fi;
  REACHED(17, "withdrawn_by_the_gate")
}

/* ---- what the order book shows */
inline appeared(p, i) {
  ARMED(p, T(i)) = false;
  if :: won[p] == NOBODY -> won[p] = T(i) :: else fi;
  if :: T(i) == 0 && FLIGHT(p, 0) == F_RETRY && i != 0 -> FLIGHT(p, 0) = F_OVER :: else fi;
  if :: FLIGHT(p, i) == F_PARKED -> REACHED(18, "parked_order_appeared") :: else fi;
  if :: takes > 1 && GATE(p, i) == G_NONE -> REACHED(19, "unknown_resolved_by_recovery") :: else fi;
  if
  :: broker[i] == B_TAKEN -> FLIGHT(p, i) = F_TAKEN; queue[p] ! K_PLACED, i
  :: broker[i] == B_STANDS -> FLIGHT(p, i) = F_STANDS; queue[p] ! K_SETTLED, i
  :: broker[i] == B_REJECTED -> write_end(p, i, K_REJECTED)
  fi
}

#if defined(MUTANT_absent_at_once)
#define MAY_BE_CALLED_ABSENT(i) (!IS_LIVE(i) && broker[i] != B_REJECTED)
#else
/* Trigger 0 is tried again: the window outlasts the longest delay, and whoever could still send.
 * Trigger 1 is parked, which must be harmless even when the window was too short. */
#define MAY_BE_CALLED_ABSENT(i) (!IS_LIVE(i) && broker[i] != B_REJECTED && \
  (T(i) == 1 || broker[i] != B_FLIGHT))
#endif

inline shown_absent(p, i) {
  if
  :: ANOTHER_HAS(p, i) -> FLIGHT(p, i) = F_OVER; queue[p] ! K_OVER, i
  :: !ANOTHER_HAS(p, i) && i == 0 -> FLIGHT(p, i) = F_RETRY; queue[p] ! K_RETRY, i
  :: !ANOTHER_HAS(p, i) && i != 0 ->
    FLIGHT(p, i) = F_PARKED; queue[p] ! K_PARKED, i; REACHED(20, "parked")
  fi
}

inline hear_answer(p, i) {
  GATE(p, i) = G_SEEN;
  if
  :: phase[p] != RUNNING || (FLIGHT(p, i) != F_OPEN && FLIGHT(p, i) != F_QUEUED)
  :: phase[p] == RUNNING && (FLIGHT(p, i) == F_OPEN || FLIGHT(p, i) == F_QUEUED) ->
    if
    :: IS_LIVE(i) || broker[i] == B_REJECTED ->
      FLIGHT(p, i) = F_TAKEN; queue[p] ! K_PLACED, i
    :: broker[i] == B_REFUSED -> write_end(p, i, K_FAILED); REACHED(21, "refused")
    :: broker[i] == B_BUSY && i == 0 ->
      FLIGHT(p, i) = F_RETRY; queue[p] ! K_RETRY, i; REACHED(22, "not_placed")
    :: broker[i] == B_BUSY && i != 0 -> write_end(p, i, K_FAILED)
    :: true ->  /* the answer is lost, or says nothing clear */
#if defined(MUTANT_blind_retry)
      if :: i == 0 -> FLIGHT(p, i) = F_RETRY; queue[p] ! K_RETRY, i :: else fi
#elif defined(MUTANT_unknown_is_refused)
      write_end(p, i, K_FAILED)
#else
      FLIGHT(p, i) = F_OPEN
#endif
    fi
  fi
}

#define CAN_FIRE(t) (armed[p * 2 + t] && won[p] == NOBODY && fires[t] < 2)
#define CAN_HEAR_ROW(t) (phase[p] == RUNNING && !SYNC(p, t) && \
  !(FLIGHT(p, 3 * t) == F_CLAIMING || FLIGHT(p, (t == 0 -> 2 : 4)) == F_CLAIMING))
#define CAN_FORWARD(i) (GATE(p, i) == G_WAITS && open[p] && phase[p] == RUNNING)
#define MUST_TAKE_BACK(i) (GATE(p, i) == G_WAITS && !(open[p] && phase[p] == RUNNING))
#define IS_READY(i) (GATE(p, i) == G_READY && phase[p] != BOOTING && phase[p] != RETAKING)
#define IS_SENT(i) (GATE(p, i) == G_SENT && phase[p] != BOOTING && phase[p] != RETAKING)
#define APPEARS(i) ((FLIGHT(p, i) == F_OPEN && (IS_LIVE(i) || broker[i] == B_REJECTED)) || \
  ((FLIGHT(p, i) == F_PARKED || FLIGHT(p, i) == F_OVER) && IS_LIVE(i)))
#define STANDS_NOW(i) (FLIGHT(p, i) == F_TAKEN && broker[i] == B_STANDS)
#define REJECTED_NOW(i) (FLIGHT(p, i) == F_TAKEN && broker[i] == B_REJECTED)
#define ABSENT_NOW(i) (FLIGHT(p, i) == F_OPEN && MAY_BE_CALLED_ABSENT(i) && GATE(p, i) != G_SENT && \
  (FORMER(p, i) || GATE(p, i) != G_READY))

active [2] proctype process() {
  byte i, kind;
  bool goes, was_former;
#define p _pid
end:
  do
  /* ---- market's thread */
  :: atomic { phase[p] == RUNNING && open[p] && IS_ROOM(p) && (CAN_FIRE(0) || CAN_FIRE(1)) ->
      if
      :: CAN_FIRE(0) -> i = (fires[0] == 0 -> 0 : 2)
      :: CAN_FIRE(1) -> i = (fires[1] == 0 -> 3 : 4)
      fi;
#ifndef MUTANT_group_not_asked
      won[p] = T(i);
#endif
      ARMED(p, T(i)) = false;
      FLIGHT(p, i) = F_CLAIMING;
      GOOD(p, T(i)) = SYNC(p, T(i));
#ifdef MUTANT_send_before_durable
      queue[p] ! K_CLAIM_FORWARDED, i;
      GATE(p, i) = G_READY;
#else
      if
      :: queue[p] ! K_CLAIM_FORWARDED, i
      :: queue[p] ! K_CLAIM_QUEUED, i
      fi;
#endif
      i = 0
    }
  :: atomic { CAN_HEAR_ROW(0) || CAN_HEAR_ROW(1) ->
      if :: CAN_HEAR_ROW(0) -> i = 0 :: CAN_HEAR_ROW(1) -> i = 1 fi;
      SYNC(p, i) = true;
      EDITED(p, i) = false;
      ARMED(p, i) = row[i] == ACTIVE;
      i = 0
    }
  :: atomic { phase[p] == RUNNING && IS_ROOM(p) && FLIGHT(p, 0) == F_RETRY ->
      if
      :: FLIGHT(p, 0) = F_OVER; submit_anew(p, 1)
      :: write_end(p, 0, K_REARM)
      fi
    }
  :: atomic { phase[p] == RUNNING && IS_ROOM(p) && ANY(APPEARS) ->
      PICK(APPEARS); appeared(p, i); i = 0 }
  :: atomic { phase[p] == RUNNING && IS_ROOM(p) && ANY(STANDS_NOW) ->
      PICK(STANDS_NOW);
      FLIGHT(p, i) = F_STANDS; queue[p] ! K_SETTLED, i; i = 0; REACHED(23, "group_settled") }
  :: atomic { phase[p] == RUNNING && IS_ROOM(p) && ANY(REJECTED_NOW) ->
      PICK(REJECTED_NOW); write_end(p, i, K_REJECTED); i = 0; REACHED(24, "rejected_later") }
  :: atomic { phase[p] == RUNNING && IS_ROOM(p) && ANY(ABSENT_NOW) ->
      PICK(ABSENT_NOW); shown_absent(p, i); i = 0 }

  /* ---- commit thread */
  :: atomic { nempty(queue[p]) ->
      queue[p] ? <kind, i>;
      if
      :: kind <= K_CLAIM_FORWARDED -> commit_claim(p)
      :: else -> commit_record(p)
      fi;
      i = 0; kind = 0; goes = false; was_former = false
    }

  /* ---- orders' thread: the gate */
  :: atomic { IS_ROOM(p) && ANY(CAN_FORWARD) ->
      PICK(CAN_FORWARD); GATE(p, i) = G_JOURNAL; queue[p] ! K_JOURNAL, i; i = 0 }
  :: atomic { IS_ROOM(p) && ANY(MUST_TAKE_BACK) -> PICK(MUST_TAKE_BACK); take_back(p, i); i = 0 }
  :: atomic { IS_ROOM(p) && ANY(IS_READY) ->
      PICK(IS_READY);
      if
      :: !OBJECTION(p, i) -> send(p, i)
      :: withdraw(p, i)  /* an objection, or too old */
      fi;
      i = 0
    }
  :: atomic { IS_ROOM(p) && ANY(IS_SENT) -> PICK(IS_SENT); hear_answer(p, i); i = 0 }

  /* ---- lease and switch */
  :: atomic { (phase[p] == STANDBY || phase[p] == RETAKING) && takes < TAKES &&
      (holder == p || holder == NOBODY || !fresh[holder]) -> take_lease(p) }
  :: atomic { phase[p] == BOOTING && len(queue[p]) < 2 -> begin(p) }
  :: atomic { believes[p] && holder == p &&
      (!fresh[p] || looked_before[p] || knows_stop[p] != stopped) ->
      fresh[p] = true; looked_before[p] = false; knows_stop[p] = stopped }
#ifdef MUTANT_fresh_without_a_look
  :: atomic { believes[p] && holder == p && (!fresh[p] || looked_before[p]) ->
      fresh[p] = true; looked_before[p] = false }
#endif
  :: atomic { believes[p] && holder != p && IS_ROOM(p) -> lose_lease(p) }
  :: atomic { knows_stop[p] && open[p] && believes[p] && IS_ROOM(p) -> stopped_now(p) }
  :: atomic { !knows_stop[p] && believes[p] && !open[p] && !stopped &&
      (phase[p] == RUNNING || phase[p] == HALTED) -> boot(p) }

  /* ---- a stop that was asked of this process */
  :: atomic { asking == A_STOP_WRITTEN && asked == p && IS_ROOM(p) ->
#if defined(MUTANT_lost_lease_answers_at_once)
      goes = believes[p];
#else
      goes = believes[p] && fresh[p];
#endif
#ifdef MUTANT_stop_answered_before_shut
      if :: believes[p] -> knows_stop[p] = false :: else fi;
#else
      if :: believes[p] -> stopped_now(p) :: else fi;
#endif
#ifdef MUTANT_standby_answers_early
      goes = true;
#endif
      if
      :: goes -> asking = 0; asked = NOBODY; stop_confirmed = true; REACHED(25, "stop_by_the_holder")
      :: else -> asking = A_STOP_WAITS
      fi;
      goes = false
    }
  :: atomic { asking == A_STOP_WAITS && asked == p &&
      !(fresh[1 - p] && looked_before[1 - p]) ->
      asking = 0; asked = NOBODY; stop_confirmed = true; REACHED(26, "stop_after_the_wait") }
  od
#undef p
}

#define ARRIVES(i) (broker[i] == B_FLIGHT)
#define IS_TAKEN(i) (broker[i] == B_TAKEN)

active proctype exchange() {
  byte i;
end:
  do
  :: atomic { ANY(ARRIVES) ->
      PICK(ARRIVES);
      if
      :: accept(i)
      :: broker[i] = B_REFUSED
      :: broker[i] = B_BUSY
      :: broker[i] = B_GONE
      fi;
      i = 0
    }
  :: atomic { ANY(IS_TAKEN) ->
      PICK(IS_TAKEN);
      if :: broker[i] = B_STANDS :: broker[i] = B_REJECTED fi;
      i = 0
    }
  od
}

inline crash(p) {
  crashes++;
  do :: len(queue[p]) > 0 -> queue[p] ? _, _ :: len(queue[p]) == 0 -> break od;
  former_items[p] = 0;
  forget(p);
  GATE(p, 0) = G_NONE; GATE(p, 1) = G_NONE; GATE(p, 2) = G_NONE; GATE(p, 3) = G_NONE;
  GATE(p, 4) = G_NONE;
  FORMER(p, 0) = false; FORMER(p, 1) = false; FORMER(p, 2) = false; FORMER(p, 3) = false;
  FORMER(p, 4) = false;
  EARLY(p, 0) = false; EARLY(p, 1) = false; EARLY(p, 2) = false; EARLY(p, 3) = false;
  EARLY(p, 4) = false;
  believes[p] = false; fresh[p] = false; looked_before[p] = false; knows_stop[p] = false;
  open[p] = false;
  phase[p] = STANDBY;
  if :: asked == p -> asking = 0; asked = NOBODY :: else fi
}

inline write_stop(p) {
  stops++;
  stopped = true;
  looked_before[0] = fresh[0]; looked_before[1] = fresh[1];
  asking = A_STOP_WRITTEN;
  asked = p
}

active proctype world() {
end:
  do
  :: atomic { crashes < CRASHES -> if :: crash(0) :: crash(1) fi }
  :: atomic { lapses < LAPSES && fresh[0] -> lapses++; fresh[0] = false; looked_before[0] = false }
  :: atomic { lapses < LAPSES && fresh[1] -> lapses++; fresh[1] = false; looked_before[1] = false }
  :: atomic { stops < STOPS && !stopped -> if :: write_stop(0) :: write_stop(1) fi }
  :: atomic { starts < STARTS && stopped && asking == 0 ->
      starts++;
      stopped = false; stop_confirmed = false }
  :: atomic { writes < WRITES && row[0] == ACTIVE ->
      writes++;
      if
      :: row[0] = CANCELLED; cancel_confirmed[0] = true; row_changed(0); REACHED(27, "cancelled")
      :: EDITED(0, 0) = ARMED(0, 0) || FLIGHT(0, 0) == F_CLAIMING || FLIGHT(0, 2) == F_CLAIMING;
        EDITED(1, 0) = ARMED(1, 0) || FLIGHT(1, 0) == F_CLAIMING || FLIGHT(1, 2) == F_CLAIMING;
        row_changed(0); REACHED(28, "edited")
      fi
    }
  od
}

/* When nothing can happen any more. */
#define ON_RECORD(t) ((t) == 0 && \
    (attempt[0] == A_QUEUED || attempt[0] == A_FORWARDED || attempt[0] == A_TO_RETRY || \
     attempt[1] == A_QUEUED || attempt[1] == A_FORWARDED || \
     attempt[2] == A_QUEUED || attempt[2] == A_FORWARDED) || \
  (t) == 1 && (attempt[3] == A_QUEUED || attempt[3] == A_FORWARDED || \
     attempt[4] == A_QUEUED || attempt[4] == A_FORWARDED))
#define SOMEBODY_RUNS ((HOLDS(0) && phase[0] == RUNNING) || (HOLDS(1) && phase[1] == RUNNING))
#define HAS_LIVE(t) ((t) == 0 && (IS_LIVE(0) || IS_LIVE(1) || IS_LIVE(2)) || \
  (t) == 1 && (IS_LIVE(3) || IS_LIVE(4)))

inline check_end(t) {
  assert(row[t] != FIRING || ON_RECORD(t));
  assert(!SOMEBODY_RUNS || row[t] != FIRING);  /* answered, or a person was told */
  assert(!SOMEBODY_RUNS || !HAS_LIVE(t) || row[t] == TRIGGERED || row[t] == ATTENTION);
  assert(!SOMEBODY_RUNS || !HAS_LIVE(t) || row[OTHER(t)] != ACTIVE)
}

active proctype end_of_all() {
end:
  atomic { timeout -> check_end(0); check_end(1); REACHED(29, "the_end") }
}

init {
  atomic {
    won[0] = NOBODY; won[1] = NOBODY;
    phase[0] = RUNNING; believes[0] = true; fresh[0] = true; open[0] = true;
    armed[0] = true; armed[1] = true; in_sync[0] = true; in_sync[1] = true
  }
}
