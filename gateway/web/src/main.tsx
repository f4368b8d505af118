import { render } from "preact";
import { App } from "./app";
import { startLive } from "./live/live";
import { startMail } from "./store/mail";
import { startNews } from "./store/news";
import { arrived } from "./store/own";
import { startTheme } from "./store/theme";
import "./styles/tokens.css";
import "./styles/ground.css";
import "./styles/shell.css";
import "./styles/controls.css";
import "./styles/forms.css";
import "./styles/people.css";
import "./styles/posts.css";
import "./styles/overlays.css";

startTheme();
startMail(arrived);
startNews();
startLive();

const root = document.getElementById("app");
if (root) render(<App />, root);
