"""The frame and style of the simulator's few pages."""

from html import escape

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1.5rem; color: #1c1c28; background: #fcfcfa }
h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; margin-top: 2rem; border-top: 1px solid #bbb; padding-top: 1rem }
button { font: inherit; padding: .35rem .9rem; border: 1px solid #31407a; border-radius: 4px; background: #31407a; color: #fff; cursor: pointer }
button.quiet { background: #fff; color: #31407a }
input, select { font: inherit; padding: .25rem; border: 1px solid #666; border-radius: 4px; background: #fff; color: inherit }
:focus-visible { outline: 3px solid #c2570c; outline-offset: 2px }
fieldset { border: 1px solid #bbb; border-radius: 4px; margin: 1rem 0 } fieldset label { display: block; padding: .2rem 0 }
form.row { display: flex; flex-wrap: wrap; gap: .6rem; align-items: end; margin: .5rem 0 } form.row label { display: flex; flex-direction: column; font-size: .9rem }
form.inline { display: inline } table { border-collapse: collapse; width: 100% } caption { text-align: left; font-weight: 600; padding: .4rem 0 }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #ddd; vertical-align: top }
code { overflow-wrap: anywhere } .note { color: #555 }
"""


def page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{escape(title)}</title><style>{STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
