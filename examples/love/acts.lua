--- What Yuan can do when she is asked to: tools for the model. A tool runs in the
-- job of the conversation, so it can wait until she is there.
local yuanjing = require "yuanjing"
local painting = require "painting"

local acts = {}

-- Where one stands there.
local PLACES = {
  window = { 190, 400 }, shelf = { 380, 396 }, rug = { 430, 452 },
  easel = { 735, 412 }, lamp = { 880, 410 }, plant = { 80, 404 },
}

local NAMES = {}
for name in pairs(PLACES) do NAMES[#NAMES + 1] = name end
table.sort(NAMES)

local function walk(yuan, x, y)
  yuan:go_to(x, y)
  while yuan.goal do yuanjing.sleep(0.05) end
end

local function walk_to(yuan)
  return yuanjing.tool {
    name = "walk_to", description = "Walks to a place in the room",
    parameters = { place = { enum = NAMES } },
    run = function(args)
      walk(yuan, unpack(PLACES[args.place]))
      return ("Yuan stands at the %s now."):format(args.place)
    end,
  }
end

local function paint()
  return yuanjing.tool {
    name = "paint", description = "Paints a picture onto the easel",
    parameters = { subject = { "string", "what the picture shows" } },
    run = function(args)
      if painting.hint then return nil, "one picture is in the making already" end
      painting.ask(args.subject)
      return "The picture will be on the easel in a moment."
    end,
  }
end

local BESIDE = 46 -- the cat

local function feed_cat(yuan, cat)
  return yuanjing.tool {
    name = "feed_cat", description = "Feeds the cat",
    run = function()
      cat:stay()
      local side = yuan.x < cat.x and -1 or 1
      walk(yuan, cat.x + side * BESIDE, cat.y)
      cat:feed()
      return "The cat eats, and purrs."
    end,
  }
end

---@return yuanjing.Tool[]
function acts.tools(yuan, cat)
  return { walk_to(yuan), paint(), feed_cat(yuan, cat) }
end

return acts
