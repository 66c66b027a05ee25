-- What a game spends in the module, frame by frame (support/love/main.lua).
-- By the clock, so that waiting is visible; the bounds are generous, because a
-- busy machine is visible, too.

--- Returns the seconds of each frame, sorted.
return function(frames)
  local times = {}
  for i, frame in ipairs(frames) do times[i] = frame.ours end
  table.sort(times)
  local function part(share) return times[math.ceil(#times * share)] end
  assert(#times > 100)
  assert(part(0.5) < 0.01, part(0.5) .. " s in the middle")
  assert(part(0.95) < 0.1, part(0.95) .. " s in 1 of 20 frames")
  return times
end
