local sorted_json = require "yuanjing.base.json.sorted"

local write = sorted_json.writer {
  string = function(value) return "<" .. value .. ">" end,
  other = function(value) return type(value) end,
}

describe("sorted JSON", function()
  it("has the names of an object in the order of their bytes", function()
    assert.equal("{<A>:number,<B>:number,<_>:number,<a>:number,<一>:number}",
      write { a = 1, B = 1, A = 1, ["一"] = 1, _ = 1 })
  end)

  it("has numbers as names with a point", function()
    assert.equal("{<-1>:<c>,<0.5>:<a>,<10>:<b>}",
      write { [0.5] = "a", [10] = "b", [-1] = "c" })
  end)

  it("has lists, and an empty one where it is marked", function()
    assert.equal("{<a>:[<x>,{}],<b>:[],<c>:{}}",
      write { a = { "x", {} }, b = sorted_json.list {}, c = {} })
  end)

  it("asks a writer of the caller's for tables, where there is one", function()
    local other = sorted_json.writer {
      string = function(value) return value end,
      table = function(value, inner)
        return value.is_secret and "***" or sorted_json.table_text(value, inner)
      end,
    }
    assert.equal("[***,{a:***},x]",
      other { { is_secret = true }, { a = { is_secret = true } }, "x" })
  end)

  it("raises for a table that holds itself", function()
    local cycle = {}
    cycle[1] = cycle
    assert.has_error(function() write(cycle) end)
  end)
end)
