--- Delays.

return {
  { name = "slow", takes = "seconds", default = 0.5,
    help = "the time between two events; 0: as fast as can be",
    change = function(answer, seconds) answer.gap = seconds end },
  { name = "stall-head", takes = "seconds", default = 60,
    help = "nothing comes for so long, not even the head",
    change = function(answer, seconds) answer.delay = seconds end },
  { name = "stall-start", takes = "seconds", default = 60,
    help = "after the head nothing comes for so long",
    change = function(answer, seconds)
      answer:insert(0, { pause = seconds })
    end },
  { name = "stall", takes = "seconds", default = 60,
    help = "nothing comes for so long after 1 event, or `after=n`",
    change = function(answer, seconds, plan)
      answer:insert(plan.after or 1, { pause = seconds })
    end },
  { name = "keep-alive", takes = "seconds", default = 60, only = "stream",
    help = "only comments come for so long before the first event, or " ..
      "`after=n`",
    change = function(answer, seconds, plan)
      answer:insert(plan.after or 0, { keep_alive = seconds })
    end },
}
