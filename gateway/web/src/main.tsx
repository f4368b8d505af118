import { render } from "preact";
import { App } from "./app";
import "./styles/tokens.css";
import "./styles/layout.css";
import "./styles/forms.css";
import "./styles/parts.css";

const root = document.getElementById("app");
if (root) render(<App />, root);
